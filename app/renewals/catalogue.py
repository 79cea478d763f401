"""Changes a catalogue price: what was shown so far is noted, and every forecast is due (R16)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.billing.service import forecast_anew
from app.domains.models import Domain
from app.renewals.announcements import catalogue, note_first
from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import Kind


@dataclass(frozen=True)
class Sold:
    """What a price is for; the extension is empty for mailboxes."""

    kind: Kind
    extension: str
    months: int


@dataclass(frozen=True)
class Repriced:
    """The price before, None where it is new, and how many services wait to be told of more."""

    before: int | None
    to_tell: int


def set_price(session: Session, sold: Sold, price: int) -> Repriced:
    """Sell at this price from now on, in minor units.

    Who was shown less pays that until they were told (`announcements.announce_rises`).
    """
    note_first(session)
    row = session.scalars(
        select(Price)
        .filter_by(kind=sold.kind, extension=sold.extension, months=sold.months)
        .with_for_update()
    ).one_or_none()
    before = row.price if row else None
    if row is None:
        session.add(
            Price(kind=sold.kind, extension=sold.extension, months=sold.months, price=price)
        )
    else:
        row.price = price
    session.flush()
    if before != price:
        forecast_anew(session)
    return Repriced(before, _to_tell(session, sold))


def listed(session: Session) -> list[tuple[Sold, int]]:
    """The whole catalogue, for the host."""
    rows = session.scalars(select(Price).order_by(Price.kind.desc(), Price.extension, Price.months))
    return [(Sold(row.kind, row.extension, row.months), row.price) for row in rows]


def _to_tell(session: Session, sold: Sold) -> int:
    return session.scalars(
        select(func.count())
        .select_from(Subscription)
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(
            Subscription.auto_renewal.is_(True),
            Subscription.announced_months == Subscription.renewal_months,
            Subscription.announced_price < catalogue(),
            _priced_by(sold),
        )
    ).one()


def _priced_by(sold: Sold) -> ColumnElement[bool]:
    """Several years without a price of their own follow that of one year."""
    months = Subscription.renewal_months
    if sold.kind is Kind.MAILBOX:
        return and_(Subscription.kind == Kind.MAILBOX, months == sold.months)
    own = select(Price.months).filter_by(kind=Kind.DOMAIN, extension=sold.extension)
    follows = months.not_in(own) if sold.months == 12 else None
    lasts = months == sold.months if follows is None else or_(months == sold.months, follows)
    return and_(Subscription.kind == Kind.DOMAIN, Domain.extension == sold.extension, lasts)
