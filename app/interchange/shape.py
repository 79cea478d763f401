"""The interchange file's shape (product.md §4), the source of its JSON Schema and table of keys.

After validation a document is in normal form: what may be left out is filled in, so that it equals
what `export` would write of the same rows, passwords apart.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.accounts.rules import Plan, Role
from app.interchange.types import (
    AccountId,
    Address,
    Balance,
    Country,
    Currency,
    Day,
    DomainName,
    Email,
    Extension,
    Id,
    Instant,
    Last4,
    Line20,
    Line100,
    Line120,
    Line200,
    Password,
    Price,
    Text,
    Timezone,
    Version,
    Years,
)
from app.subscriptions.rules import Period

# Enumerations are written as their text, which strict mode alone would refuse.
AnyPlan = Annotated[Plan, Field(strict=False)]
AnyRole = Annotated[Role, Field(strict=False)]
AnyPeriod = Annotated[Period, Field(strict=False)]


class Row(BaseModel):
    """An object of the file: no unknown keys, and no text where a number belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class Settings(Row):
    """What every amount and business day is counted in; fixed once there is an organization."""

    currency: Currency | None = None
    """ISO 4217 code of every amount; null: as the installation has it"""
    business_timezone: Timezone | None = None
    """IANA name of the zone that decides every civil day; null: as the installation has it"""


class DomainPrice(Row):
    """Price of renewing a domain."""

    kind: Literal["domain"]
    """what is priced"""
    extension: Extension
    """what follows the first label, such as `org` or `co.uk`"""
    years: Years = 1
    """whole years that the price pays, 1 to 10"""
    price: Price
    """minor units"""


class MailboxPrice(Row):
    """Price of a mailbox."""

    kind: Literal["mailbox"]
    """what is priced"""
    period: AnyPeriod
    """period that the price pays"""
    price: Price
    """minor units"""


class User(Row):
    """A person who can sign in."""

    id: Id
    """chosen by the writer, unique among users"""
    email: Email
    """what they sign in with, unique; stored in lower case"""
    name: Line120
    """as pages call them"""
    language: Literal["fr", "en"] | None = None
    """null: as their browser asks"""
    password: Password | None = None
    """in clear, hashed at import, never exported; null: they choose one, as if forgotten"""
    last_login_at: Instant | None = None
    """last time they signed in themselves"""


class Member(Row):
    """A person's role in the organization."""

    user: Id
    """id of a user"""
    role: AnyRole
    """what they may do"""


class BillingContact(Row):
    """Whom invoices are made out to."""

    id: Id
    """unique among billing contacts"""
    name: Line120
    """person or company"""
    address: Line200
    """street and number"""
    postcode: Line20
    """postal code"""
    city: Line100
    """town"""
    country: Country
    """ISO 3166 code of two letters"""
    vat_id: Line20 | None = None
    """VAT number, where there is one"""
    email: Email
    """where invoices are sent"""
    default: bool = False
    """at most one of an organization; where none is, the first"""


class Card(Row):
    """A card at the payment gateway, never its number."""

    id: Id
    """unique among cards"""
    brand: Line20
    """such as `visa`"""
    last4: Last4
    """its last four digits"""
    exp_month: Annotated[int, Field(ge=1, le=12)]
    """last month in which it is valid"""
    exp_year: Annotated[int, Field(ge=2000, le=2999)]
    """year of that month"""
    holder: Line120
    """name on the card"""
    token: Line120
    """the gateway's name for it; `sandbox:…` in a sandbox"""
    validated: bool = False
    """whether the holder has validated it at the gateway"""
    auto_debit: bool = False
    """whether it pays what the balance cannot"""


class Organization(Row):
    """A customer."""

    id: Id
    """unique among organizations"""
    name: Line120
    """as pages and invoices call it"""
    country: Country
    """ISO 3166 code of two letters"""
    plan: AnyPlan = Plan.PAID
    """plan of the organization"""
    balance: Balance = 0
    """minor units, below zero for a debt; posted once, when the organization is new"""
    members: list[Member] = []
    """people who may see it"""
    billing_contacts: list[BillingContact] = []
    """whom its invoices are made out to"""
    cards: list[Card] = []
    """its cards"""

    @model_validator(mode="after")
    def _first_contact_is_default(self) -> Self:
        if self.billing_contacts and not any(c.default for c in self.billing_contacts):
            self.billing_contacts[0].default = True
        return self


class Account(Row):
    """A hosting account."""

    id: AccountId
    """unique among accounts; no `/`, because it is part of an address"""
    organization: Id
    """id of the organization that owns it"""
    plan: AnyPlan = Plan.PAID
    """plan of the account"""


class DomainRenewal(Row):
    """Auto-renewal of a domain."""

    on: bool
    """whether it renews by itself"""
    years: Years = 1
    """years it renews for, 1 to 10"""
    billed_organization: Id | None = None
    """id of the organization that pays; needed when on"""
    billing_contact: Id | None = None
    """id of a billing contact of the organization that pays; null: its default one"""
    card: Id | None = None
    """id of a card of the organization that pays; null: any that pays by itself"""


class Domain(Row):
    """A domain name."""

    name: DomainName
    """unique; stored in lower case, `é.fr` as `xn--9ca.fr`"""
    organization: Id
    """id of the organization that owns it"""
    account: Id | None = None
    """id of an account of that organization"""
    registrar: Line20
    """one in use here, or `external` for a name registered elsewhere that has mailboxes here"""
    expires_on: Day | None = None
    """first day not paid for; needed, but absent for `external`"""
    auto_renewal: DomainRenewal | None = None
    """null: off; absent for `external`"""

    @model_validator(mode="after")
    def _off_unless_chosen(self) -> Self:
        if self.auto_renewal is None and self.expires_on is not None:
            self.auto_renewal = DomainRenewal(on=False)
        return self


class MailboxRenewal(Row):
    """Auto-renewal of a mailbox."""

    on: bool
    """whether it renews by itself"""
    period: AnyPeriod | None = None
    """period it renews for; null: the mailbox's own"""
    billed_organization: Id | None = None
    """id of the organization that pays; needed when on"""


class Mailbox(Row):
    """A mailbox."""

    address: Address
    """unique among mailboxes and forwardings; its domain must be known"""
    anchor: Day
    """day its periods are counted from (R2)"""
    expires_on: Day
    """first day not paid for: the anchor plus whole months, or the month's last day"""
    period: AnyPeriod
    """length of the running period"""
    quota_mib: Annotated[int, Field(ge=1, le=2**31 - 1)]
    """space in MiB"""
    password: Password | None = None
    """as for users; null: none yet"""
    auto_renewal: MailboxRenewal | None = None
    """null: off"""

    @model_validator(mode="after")
    def _off_unless_chosen(self) -> Self:
        if self.auto_renewal is None:
            self.auto_renewal = MailboxRenewal(on=False)
        if self.auto_renewal.period is None:
            self.auto_renewal.period = self.period
        return self


class Forwarding(Row):
    """A forwarding."""

    address: Address
    """unique among mailboxes and forwardings; its domain must be known"""
    to: Annotated[list[Email], Field(min_length=1, max_length=100)]
    """addresses that receive the mail, each once"""


class Move(Row):
    """A scheduled technical migration of an account."""

    id: Id
    """unique among moves"""
    account: Id
    """id of the account"""
    title: Line200
    """what changes"""
    due_on: Day
    """day by which it is applied"""
    description: Text = ""
    """what it is, for the customer"""
    changes: Text = ""
    """what will be different afterwards, for the customer"""


class Document(Row):
    """A whole file. Every list may be left out."""

    vigie: Version
    """version of the format"""
    settings: Settings | None = None
    """null: as the installation has them"""
    prices: list[Annotated[DomainPrice | MailboxPrice, Field(discriminator="kind")]] = []
    """the catalogue"""
    users: list[User] = []
    """people"""
    organizations: list[Organization] = []
    """customers"""
    accounts: list[Account] = []
    """hosting accounts"""
    domains: list[Domain] = []
    """domain names"""
    mailboxes: list[Mailbox] = []
    """mailboxes"""
    forwardings: list[Forwarding] = []
    """forwardings"""
    moves: list[Move] = []
    """moves"""
