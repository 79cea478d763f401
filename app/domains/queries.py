"""Reads of domains."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Account, Organization, User
from app.billing.models import BillingContact, Card
from app.domains.models import Domain
from app.journal.models import JournalRow
from app.subscriptions.filters import Expiring, Foreseen, Payer
from app.subscriptions.models import Subscription
from app.subscriptions.queries import FORESEEN
from app.subscriptions.rules import Kind
from app.web.listing import (
    Found,
    Listing,
    Order,
    Page,
    Selected,
    Wish,
    count,
    read_date,
    read_number,
    read_text,
)

# A name registered elsewhere has no date of ours: it comes after all that have one.
_expiry = func.coalesce(Subscription.expires_on, date.max)

LISTING = Listing(
    {
        "name": Order(Domain.name, read_text),
        "expiry": Order(_expiry, read_date, Domain.id),
    },
    usual="name",
)
HISTORY = Listing({"time": Order(JournalRow.id, read_number)}, usual="-time")

_Payer = aliased(Organization)
_OfMailbox = aliased(Subscription)
_OF_DOMAIN = (_OfMailbox.domain_id == Domain.id, _OfMailbox.kind == Kind.MAILBOX)


@dataclass(frozen=True)
class DomainFilter:
    """Which domains of an organization are meant; None and an empty text choose all."""

    text: str = ""
    with_mailboxes: bool | None = None
    auto_renewal: bool | None = None
    extension: str = ""
    expiring: Expiring | None = None
    payer: Payer | None = None
    foreseen: Foreseen | None = None

    def apply(self, statement: Selected) -> Selected:
        """Narrow a statement on domains and their own subscriptions."""
        return statement.where(*self.conditions())

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a domain and its own subscription must be; nothing where all are meant."""
        found: list[ColumnElement[bool]] = []
        if self.text:
            found.append(Domain.name.contains(self.text, autoescape=True))
        if self.with_mailboxes is not None:
            has = exists().where(*_OF_DOMAIN)
            found.append(has if self.with_mailboxes else ~has)
        if self.auto_renewal is not None:
            found.append(Subscription.auto_renewal.is_(self.auto_renewal))
        if self.extension:
            found.append(Domain.extension == self.extension)
        for part in (self.expiring, self.payer, self.foreseen):
            found += part.conditions() if part else []
        return found


def find(session: Session, organization_ids: Collection[int], name: str) -> Domain | None:
    """The domain of that name if one of the organizations owns it."""
    return session.scalars(
        select(Domain).where(Domain.name == name, Domain.organization_id.in_(organization_ids))
    ).one_or_none()


def page(
    session: Session,
    organization_id: int,
    chosen: DomainFilter,
    wish: Wish,
    *columns: ColumnElement[Any],
    seen_by: Collection[int],
) -> Page:
    """One page of an organization's domains, with more columns where a caller wants them.

    Each row carries how many there are (`total`) and how many mailboxes it has (`mailboxes`), both
    counted as `app.web.listing.count` does. Contact and card are only told where the payer is one
    of `seen_by`.
    """
    mine = chosen.apply(
        with_subscription(select(literal(1))).where(Domain.organization_id == organization_id)
    )
    counted = _mailboxes().label("mailboxes"), count(mine).label("total")
    statement = _listed(organization_id, seen_by).add_columns(*counted, *columns)
    return LISTING.page(session, chosen.apply(statement), wish)


def parts(
    organization_id: int, chosen: DomainFilter, wish: Wish, *, seen_by: Collection[int]
) -> Iterator[list[Found]]:
    """All of an organization's domains, some at a time, with the exact number of mailboxes."""
    exact = select(func.count()).where(*_OF_DOMAIN).correlate(Domain).scalar_subquery()
    statement = _listed(organization_id, seen_by).add_columns(exact.label("mailboxes"))
    return LISTING.parts(chosen.apply(statement), wish)


def described(session: Session, organization_ids: Collection[int], name: str) -> Found | None:
    """All that a domain's own page tells, if one of the organizations owns it."""
    statement = (
        _described(organization_ids)
        .add_columns(
            Account.public_id.label("account"),
            _mailboxes().label("mailboxes"),
            _mailboxes(_OfMailbox.auto_renewal.is_(True)).label("mailboxes_on"),
        )
        .outerjoin(Account, Account.id == Domain.account_id)
        .where(Domain.name == name, Domain.organization_id.in_(organization_ids))
    )
    return session.execute(statement).one_or_none()


@dataclass(frozen=True)
class Kinds:
    """What an organization's domains can be told apart by: their extensions, and who pays."""

    extensions: list[str]
    payers: set[int]


def kinds(session: Session, organization_id: int) -> Kinds:
    """The extensions of an organization's domains, by name, and the ids of those who pay."""
    of_names = select(Domain.extension, cast(None, Integer)).where(
        Domain.organization_id == organization_id
    )
    of_payers = select(cast(None, String), Subscription.billed_organization_id).where(
        Subscription.organization_id == organization_id,
        Subscription.kind == Kind.DOMAIN,
        Subscription.billed_organization_id.is_not(None),
    )
    found: CompoundSelect[str | None, int | None]
    found = union_all(of_names.distinct(), of_payers.distinct())
    rows = session.execute(found).all()
    return Kinds(
        sorted(extension for extension, _payer in rows if extension is not None),
        {payer for _extension, payer in rows if payer is not None},
    )


def history(session: Session, organization_id: int, name: str, wish: Wish) -> Page:
    """One page of what happened to a domain and what lives on it, in this organization.

    Mails of ours to an address on it did not happen to it.
    """
    statement = (
        select(
            JournalRow.at,
            JournalRow.event,
            JournalRow.subject,
            JournalRow.detail,
            User.name.label("person"),
        )
        .outerjoin(User, User.id == JournalRow.user_id)
        .where(
            JournalRow.organization_id == organization_id,
            or_(
                JournalRow.subject == name,
                JournalRow.subject.endswith(f"@{name}", autoescape=True),
            ),
            JournalRow.event.not_like("mail.%"),
        )
    )
    return HISTORY.page(session, statement, wish)


def with_subscription(statement: Selected) -> Selected:
    """A statement on domains, joined with their own subscriptions, which may be missing."""
    return and_subscription(statement.select_from(Domain))


def and_subscription(statement: Selected) -> Selected:
    """The same of a statement that has come to domains already."""
    return statement.outerjoin(
        Subscription, and_(Subscription.domain_id == Domain.id, Subscription.kind == Kind.DOMAIN)
    )


def _described(seen_by: Collection[int]) -> Selected:
    columns = select(
        Domain.id,
        Domain.name,
        Domain.extension,
        Domain.organization_id,
        Domain.registrar,
        Domain.status,
        Subscription.expires_on,
        Subscription.auto_renewal,
        Subscription.renewal_months,
        Subscription.announced_price,
        Subscription.announced_months,
        *FORESEEN,
        _Payer.name.label("payer"),
        BillingContact.name.label("contact"),
        Card.id.label("card_id"),
        Card.brand,
        Card.last4,
    )
    return (
        with_subscription(columns)
        .outerjoin(_Payer, _Payer.id == Subscription.billed_organization_id)
        .outerjoin(
            BillingContact,
            and_(
                BillingContact.id == Subscription.billing_contact_id,
                BillingContact.organization_id.in_(seen_by),
            ),
        )
        .outerjoin(Card, and_(Card.id == Subscription.card_id, Card.organization_id.in_(seen_by)))
    )


def _listed(organization_id: int, seen_by: Collection[int]) -> Selected:
    return _described(seen_by).where(Domain.organization_id == organization_id)


def _mailboxes(*conditions: ColumnElement[bool]) -> Any:
    return count(select(literal(1)).where(*_OF_DOMAIN, *conditions).correlate(Domain))
