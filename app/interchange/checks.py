"""What the shape alone cannot say: names are unique, references lead somewhere, dates follow R2."""

from collections.abc import Collection, Iterable, Iterator

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.domains.rules import EXTERNAL
from app.interchange.problems import Problem
from app.interchange.sentences import quoted
from app.interchange.shape import (
    Document,
    Domain,
    DomainRenewal,
    Forwarding,
    Mailbox,
    MailboxRenewal,
    Organization,
)
from app.interchange.standing import Standing, price_key
from app.lib.dates import add_months, months_until

NO_USER = _l("no user has the id %(name)s")
NO_ORGANIZATION = _l("no organization has the id %(name)s")
NO_ACCOUNT = _l("no account has the id %(name)s")
NO_CONTACT = _l("no billing contact has the id %(name)s")
NO_CARD = _l("no card has the id %(name)s")
NO_DOMAIN = _l("the domain %(name)s is neither in the file nor in the portal")


class Names:
    """What the file may name: rows of the portal and its own; things that are owned, with owner."""

    def __init__(self, document: Document, standing: Standing) -> None:
        owners = document.organizations
        self.users = standing.users.keys() | {row.id for row in document.users}
        self.organizations = standing.organizations.keys() | {row.id for row in owners}
        self.contacts = _owners(standing.contacts) | {
            contact.id: row.id for row in owners for contact in row.billing_contacts
        }
        self.cards = _owners(standing.cards) | {
            card.id: row.id for row in owners for card in row.cards
        }
        self.accounts = _owners(standing.accounts) | {
            row.id: row.organization for row in document.accounts
        }
        self.domains = standing.domains.keys() | {row.name for row in document.domains}


def _owners(rows: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: row["organization"] for name, row in rows.items()}


def problems(
    document: Document, standing: Standing, registrars: Collection[str]
) -> Iterator[Problem]:
    """Everything in the document that contradicts itself or names what does not exist."""
    names = Names(document, standing)
    yield from _uniqueness(document)
    for index, row in enumerate(document.organizations):
        yield from _members(row, f"organizations[{index}]", names)
    for index, account in enumerate(document.accounts):
        yield from _known(
            names.organizations, account.organization, f"accounts[{index}].organization",
            NO_ORGANIZATION,
        )  # fmt: skip
    for index, domain in enumerate(document.domains):
        yield from _domain(domain, f"domains[{index}]", names, registrars)
    for index, mailbox in enumerate(document.mailboxes):
        yield from _mailbox(mailbox, f"mailboxes[{index}]", names)
    for index, forwarding in enumerate(document.forwardings):
        yield from _forwarding(forwarding, f"forwardings[{index}]", names)
    for index, move in enumerate(document.moves):
        yield from _known(names.accounts, move.account, f"moves[{index}].account", NO_ACCOUNT)


def _uniqueness(document: Document) -> Iterator[Problem]:
    owners = list(enumerate(document.organizations))
    contacts = [
        (contact.id, f"organizations[{at}].billing_contacts[{index}].id")
        for at, row in owners
        for index, contact in enumerate(row.billing_contacts)
    ]
    cards = [
        (card.id, f"organizations[{at}].cards[{index}].id")
        for at, row in owners
        for index, card in enumerate(row.cards)
    ]
    prices = [(price_key(row.model_dump(mode="json")), "") for row in document.prices]
    mail = _places("mailboxes", "address", [row.address for row in document.mailboxes])
    mail += _places("forwardings", "address", [row.address for row in document.forwardings])
    yield from _twice([(key, f"prices[{at}]") for at, (key, _place) in enumerate(prices)])
    yield from _twice(_places("users", "id", [row.id for row in document.users]))
    yield from _twice(_places("users", "email", [row.email for row in document.users]))
    yield from _twice(_places("organizations", "id", [row.id for _at, row in owners]))
    yield from _twice(contacts)
    yield from _twice(cards)
    yield from _twice(_places("accounts", "id", [row.id for row in document.accounts]))
    yield from _twice(_places("domains", "name", [row.name for row in document.domains]))
    yield from _twice(mail)
    yield from _twice(_places("moves", "id", [row.id for row in document.moves]))


def _places(rows: str, key: str, values: list[str]) -> list[tuple[str, str]]:
    return [(value, f"{rows}[{index}].{key}") for index, value in enumerate(values)]


def _twice(found: Iterable[tuple[object, str]]) -> Iterator[Problem]:
    first: dict[object, str] = {}
    for value, place in found:
        if value not in first:
            first[value] = place
        elif isinstance(value, str):
            yield Problem(
                place,
                _("%(value)s is already at %(other)s", value=quoted(value), other=first[value]),
            )
        else:
            yield Problem(place, _("prices the same as %(other)s", other=first[value]))


def _known(
    known: Collection[str], name: str, place: str, sentence: LazyString
) -> Iterator[Problem]:
    if name not in known:
        yield Problem(place, str(sentence) % {"name": quoted(name)})


def _members(row: Organization, place: str, names: Names) -> Iterator[Problem]:
    for index, member in enumerate(row.members):
        yield from _known(names.users, member.user, f"{place}.members[{index}].user", NO_USER)
    yield from _twice(
        [(member.user, f"{place}.members[{at}].user") for at, member in enumerate(row.members)]
    )
    defaults = [at for at, contact in enumerate(row.billing_contacts) if contact.default]
    for at in defaults[1:]:
        yield Problem(
            f"{place}.billing_contacts[{at}].default",
            _("an organization has one default billing contact only"),
        )


def _domain(
    row: Domain, place: str, names: Names, registrars: Collection[str]
) -> Iterator[Problem]:
    yield from _known(
        names.organizations, row.organization, f"{place}.organization", NO_ORGANIZATION
    )
    if row.account is not None:
        yield from _owned(
            names.accounts, row.account, row.organization, f"{place}.account", NO_ACCOUNT
        )
    if row.registrar == EXTERNAL:
        yield from _external(row, place)
        return
    if row.registrar not in registrars:
        known = ", ".join([*registrars, EXTERNAL])
        yield Problem(
            f"{place}.registrar",
            _("no registrar is called %(name)s; there are: %(known)s",
              name=quoted(row.registrar), known=known),
        )  # fmt: skip
    if row.expires_on is None:
        yield Problem(f"{place}.expires_on", _("is missing"))
    if row.auto_renewal is not None:
        yield from _payer(row.auto_renewal, f"{place}.auto_renewal", names)
        yield from _means(row.auto_renewal, f"{place}.auto_renewal", names)


def _external(row: Domain, place: str) -> Iterator[Problem]:
    for key in ("expires_on", "auto_renewal"):
        if getattr(row, key) is not None and key in row.model_fields_set:
            yield Problem(
                f"{place}.{key}",
                _("must be absent: what is registered elsewhere is not renewed here"),
            )


def _payer(renewal: DomainRenewal | MailboxRenewal, place: str, names: Names) -> Iterator[Problem]:
    payer = renewal.billed_organization
    if payer is not None:
        yield from _known(
            names.organizations, payer, f"{place}.billed_organization", NO_ORGANIZATION
        )
    elif renewal.on:
        yield Problem(
            f"{place}.billed_organization", _("is missing: somebody must pay what renews by itself")
        )


def _means(renewal: DomainRenewal, place: str, names: Names) -> Iterator[Problem]:
    """Contact and card belong to the organization that pays (R22)."""
    payer = renewal.billed_organization
    for key, name, known, sentence in (
        ("billing_contact", renewal.billing_contact, names.contacts, NO_CONTACT),
        ("card", renewal.card, names.cards, NO_CARD),
    ):
        if name is not None:
            yield from _owned(known, name, payer, f"{place}.{key}", sentence)


def _owned(
    known: dict[str, str], name: str, owner: str | None, place: str, sentence: LazyString
) -> Iterator[Problem]:
    yield from _known(known, name, place, sentence)
    if name in known and known[name] != owner:
        yield Problem(
            place,
            _("%(name)s belongs to organization %(owner)s, not %(other)s",
              name=quoted(name), owner=quoted(known[name]), other=quoted(owner)),
        )  # fmt: skip


def _mailbox(row: Mailbox, place: str, names: Names) -> Iterator[Problem]:
    yield from _known(names.domains, row.address.rpartition("@")[2], f"{place}.address", NO_DOMAIN)
    if months_until(row.anchor, row.expires_on) is None:
        yield Problem(f"{place}.expires_on", _against_the_anchor(row))
    if row.auto_renewal is not None:
        yield from _payer(row.auto_renewal, f"{place}.auto_renewal", names)


def _against_the_anchor(row: Mailbox) -> str:
    anchor, expires_on = row.anchor, row.expires_on
    if expires_on < anchor:
        return str(_("%(day)s is before the anchor %(anchor)s", day=expires_on, anchor=anchor))
    months = (expires_on.year - anchor.year) * 12 + expires_on.month - anchor.month
    sentence = _(
        "%(day)s is not a whole number of months after the anchor %(anchor)s;"
        " in that month it is %(expected)s",
        day=expires_on, anchor=anchor, expected=add_months(anchor, months),
    )  # fmt: skip
    return str(sentence)


def _forwarding(row: Forwarding, place: str, names: Names) -> Iterator[Problem]:
    yield from _known(names.domains, row.address.rpartition("@")[2], f"{place}.address", NO_DOMAIN)
    yield from _twice([(to, f"{place}.to[{at}]") for at, to in enumerate(row.to)])
    for at, to in enumerate(row.to):
        if to == row.address:
            yield Problem(f"{place}.to[{at}]", _("a forwarding cannot send to itself"))
