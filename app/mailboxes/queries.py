"""Reads of mailboxes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    case,
    false,
    literal,
    select,
)
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Organization
from app.db.search import MAILBOXES, begins_with, has_trigrams, local_part_holds
from app.domains.models import Domain
from app.mailboxes.models import Mailbox
from app.subscriptions.filters import Expiring, Foreseen, Payer
from app.subscriptions.models import Subscription
from app.subscriptions.queries import FORESEEN
from app.subscriptions.rules import Kind
from app.web.listing import (
    COUNTED,
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

LISTING = Listing(
    {
        "address": Order(Mailbox.address, read_text),
        "used": Order(Mailbox.used_bytes, read_number, Mailbox.id),
        "expiry": Order(Subscription.expires_on, read_date, Subscription.id),
    },
    usual="address",
)
# Fewer letters than this are looked for at the beginning only, where an index finds them.
ANYWHERE = 3
# Reading the addresses of so many is as quick as asking the index of the whole installation.
READ = 50_000

_Payer = aliased(Organization)


@dataclass(frozen=True)
class MailboxFilter:
    """Which mailboxes of a domain are meant; an empty text and None choose all."""

    text: str = ""
    auto_renewal: bool | None = None
    expiring: Expiring | None = None
    payer: Payer | None = None
    foreseen: Foreseen | None = None

    def apply(self, statement: Selected) -> Selected:
        """Narrow a statement on mailboxes, joined with their subscriptions."""
        return statement.where(*self.conditions())

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a mailbox and its subscription must be; nothing where all are meant."""
        found = []
        if self.text:
            found.append(self._named())
        if self.auto_renewal is not None:
            found.append(Subscription.auto_renewal.is_(self.auto_renewal))
        for part in (self.expiring, self.payer, self.foreseen):
            found += part.conditions() if part else []
        return found

    @property
    def is_of_subscriptions(self) -> bool:
        """Whether it asks for what only the subscription of a mailbox knows."""
        return self.auto_renewal is not None or bool(self.expiring or self.payer or self.foreseen)

    @property
    def has_trigrams(self) -> bool:
        """Whether what is looked for before the @ is long enough for an index of trigrams."""
        return len(self.text.partition("@")[0]) >= ANYWHERE

    def _named(self) -> ColumnElement[bool]:
        if len(self.text) < ANYWHERE:
            return begins_with(Mailbox.address, self.text)
        literally = self.text.replace("/", "//").replace("%", "/%").replace("_", "/_")
        # What follows the @ is the same in all of them: it only counts when it was typed.
        rest = "%" if "@" in self.text else "%@%"
        return Mailbox.address.like(f"%{literally}{rest}", escape="/")


def domain(
    session: Session, organization_ids: Collection[int], name: str, chosen: MailboxFilter
) -> tuple[Domain, int, bool] | None:
    """A domain of one of the organizations, how many of its mailboxes are meant, and how to look.

    They are counted as `app.web.listing.count` does. The last is for `page`: whether the index of
    trigrams leads to them sooner than reading the domain's addresses.
    """
    row = session.execute(
        _counting(chosen, by_trigrams=chosen.has_trigrams and has_trigrams(session)),
        {"name": name, "organization_ids": list(organization_ids)},
    ).one_or_none()
    return row and (row[0], row[1], bool(row[2]))


@lru_cache(maxsize=64)
def _counting(chosen: MailboxFilter, *, by_trigrams: bool) -> Select[Domain, int, bool]:
    found = select(literal(1)).select_from(Mailbox)
    if chosen.is_of_subscriptions:
        found = _joined(select(literal(1)))
    on = _on(Domain.id, "expiry" if chosen.is_of_subscriptions else "")
    total: ColumnElement[int] = count(chosen.apply(found).where(on).correlate(Domain))
    is_large: ColumnElement[bool] = false()
    if by_trigrams:
        is_large = _is_large()
        few = chosen.apply(_by_trigrams(select(literal(1)), chosen, Domain.id))
        total = case((is_large, count(few.correlate(Domain))), else_=total)
    return select(Domain, total, is_large).where(
        Domain.name == bindparam("name"),
        Domain.organization_id.in_(bindparam("organization_ids", expanding=True)),
    )


def page(
    session: Session,
    domain_id: int,
    chosen: MailboxFilter,
    wish: Wish,
    total: int,
    *columns: ColumnElement[Any],
    by_trigrams: bool = False,
) -> Page:
    """One page of a domain's mailboxes, with more columns where a caller wants them.

    `total` is how many there are and `by_trigrams` how to look, as `domain` says; each row carries
    the total.
    """
    if not total:
        return Page([], None, None)
    # A few are found first and then sorted; of many, enough are soon met in the order asked for.
    is_few = total <= COUNTED
    sort = "expiry" if is_few and chosen.is_of_subscriptions else wish.sort
    statement = _listed(chosen, sort, columns, by_trigrams=by_trigrams and is_few)
    return LISTING.page(session, statement, wish, domain_id=domain_id, total=total)


@lru_cache(maxsize=64)
def _listed(
    chosen: MailboxFilter, sort: str, columns: tuple[ColumnElement[Any], ...], *, by_trigrams: bool
) -> Selected:
    """Kept: the plain list, and what else many ask for, is built once."""
    statement = select(
        Mailbox.id,
        Mailbox.address,
        Mailbox.used_bytes,
        Mailbox.quota_mib,
        Subscription.expires_on,
        Subscription.auto_renewal,
        *FORESEEN,
        bindparam("total", type_=Integer).label("total"),
        *columns,
    )
    if by_trigrams:
        return chosen.apply(_by_trigrams(statement, chosen, bindparam("domain_id")))
    return chosen.apply(_joined(statement).where(_on(bindparam("domain_id"), sort)))


def parts(domain_id: int, chosen: MailboxFilter, wish: Wish) -> Iterator[list[Found]]:
    """All of a domain's mailboxes, some at a time."""
    statement = _joined(
        select(
            Mailbox.address,
            Mailbox.used_bytes,
            Mailbox.quota_mib,
            Subscription.expires_on,
            Subscription.auto_renewal,
            *FORESEEN,
            Subscription.renewal_months,
            _Payer.name.label("payer"),
        )
    )
    statement = statement.outerjoin(_Payer, _Payer.id == Subscription.billed_organization_id)
    return LISTING.parts(chosen.apply(statement).where(_on(domain_id, wish.sort)), wish)


def described(session: Session, organization_ids: Collection[int], address: str) -> Found | None:
    """All that a mailbox's own page tells, if one of the organizations owns its domain."""
    statement = (
        _joined(
            select(
                Mailbox.address,
                Mailbox.used_bytes,
                Mailbox.quota_mib,
                Mailbox.desired_state,
                Mailbox.applied_state,
                Domain.name.label("domain"),
                Domain.organization_id,
                Subscription.expires_on,
                Subscription.auto_renewal,
                *FORESEEN,
                Subscription.renewal_months,
                Subscription.announced_price,
                Subscription.announced_months,
                Subscription.next_slot_on,
                _Payer.name.label("payer"),
            )
        )
        .join(Domain, Domain.id == Mailbox.domain_id)
        .outerjoin(_Payer, _Payer.id == Subscription.billed_organization_id)
        .where(Mailbox.address == address, Domain.organization_id.in_(organization_ids))
    )
    return session.execute(statement).one_or_none()


def _by_trigrams(
    statement: Selected,
    chosen: MailboxFilter,
    domain_id: ColumnElement[int] | SQLColumnExpression[int],
) -> Selected:
    """From the few that the index knows to their rows: sums have no index that leads elsewhere."""
    return (
        statement.select_from(MAILBOXES)
        .join(Mailbox, Mailbox.id == MAILBOXES.c.rowid)
        .join(Subscription, Subscription.id == Mailbox.subscription_id)
        .where(local_part_holds(chosen.text.partition("@")[0]), Mailbox.domain_id + 0 == domain_id)
    )


def _is_large() -> ColumnElement[bool]:
    some = select(literal(1)).where(Mailbox.domain_id == Domain.id).offset(READ).limit(1)
    return some.correlate(Domain).exists()


def _joined(statement: Selected) -> Selected:
    return statement.select_from(Mailbox).join(
        Subscription, Subscription.id == Mailbox.subscription_id
    )


def _on(
    domain_id: ColumnElement[int] | SQLColumnExpression[int] | int, sort: str
) -> ColumnElement[bool]:
    # Said of the table that holds the sort key, so that its index serves both.
    if sort == "expiry":
        return and_(Subscription.domain_id == domain_id, Subscription.kind == Kind.MAILBOX)
    return Mailbox.domain_id == domain_id
