"""Proformas, inside the caller's transaction: make, pay, cancel; what nobody pays expires."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from app.invoices import drawing_up
from app.invoices.drawing_up import Sold
from app.invoices.models import Proforma, ProformaLine
from app.invoices.numbering import take_number
from app.invoices.parties import Issuer
from app.invoices.rules import PROFORMA_SERIES, Item, ProformaState, state_on
from app.journal.service import Actor, record
from app.lib.ids import public_id


@dataclass(frozen=True)
class Order:
    """A period that is ordered: what `item` sells prolongs the subscription from that expiry."""

    subscription_id: int
    cur_expires_on: date
    item: Item


class Ordered(Exception):
    """Some of it is on open proformas already, which a person made: pay or cancel those."""

    def __init__(self, numbers: Collection[str]) -> None:
        super().__init__(", ".join(sorted(numbers)))
        self.numbers = sorted(numbers)


class NotOpen(Exception):
    """The proforma was paid or cancelled before, or its last day is over."""

    def __init__(self, state: ProformaState) -> None:
        super().__init__(state.value)
        self.state = state


def make_proforma(
    session: Session,
    *,
    organization_id: int,
    contact_id: int | None,
    currency: str,
    orders: Sequence[Order],
    automatic: bool,
    expires_on: date,
    issuer: Issuer,
    by: Actor,
    today: date,
    now: datetime,
) -> int:
    """A request for payment of these orders, all of one payer and billing contact; its id.

    An open automatic one for a period that a person orders is cancelled. Raises Ordered where a
    period is on another open one; rates.NoRate.
    """
    if not orders:
        raise ValueError("a proforma asks for something")
    _make_way(session, orders, automatic=automatic, by=by, now=now)
    client = drawing_up.client_of(session, organization_id, contact_id)
    applies = drawing_up.treatment_of(client, issuer)
    language = drawing_up.language_of(session, organization_id, issuer.language)
    sold = [Sold(order.item.price, today) for order in orders]
    shares = drawing_up.amounts(session, sold, applies)
    proforma = Proforma(
        public_id=public_id(), number=take_number(session, PROFORMA_SERIES, today),
        state=ProformaState.OPEN, organization_id=organization_id, contact_id=contact_id,
        automatic=automatic, currency=currency, made_on=today, made_at=now, expires_on=expires_on,
        language=language, seller=issuer.seller.stated(language), client=asdict(client),
        mentions=[applies.mention] if applies.mention else [],
        net=sum(share.net for share in shares), vat=sum(share.vat for share in shares),
        total=sum(order.item.price for order in orders),
    )  # fmt: skip
    session.add(proforma)
    session.flush()
    for position, (order, share) in enumerate(zip(orders, shares, strict=True), 1):
        session.add(_line(proforma.id, position, order, share))
    session.flush()
    _tell(session, "proforma.made", proforma, by, now)
    return proforma.id


def id_of(session: Session, number: str) -> int:
    """The id of the proforma of that number; NoResultFound for another."""
    return session.scalars(select(Proforma.id).where(Proforma.number == number)).one()


def lock_open(session: Session, proforma_id: int, *, today: date) -> Proforma:
    """The proforma, locked, if it can still be paid; raises NotOpen.

    Whoever pays it takes this lock first, so that two payments cannot both find it open.
    """
    proforma = _locked(session, proforma_id)
    state = state_on(proforma.state, proforma.expires_on, today)
    if state is not ProformaState.OPEN:
        raise NotOpen(state)
    return proforma


def mark_paid(session: Session, proforma_id: int, *, by: Actor, today: date, now: datetime) -> None:
    """Its money was taken in this transaction. Raises NotOpen: then nothing may be taken.

    Its invoice is the draft that `service.add_line(…, proforma_id=…)` fills and `close` issues.
    """
    _end(session, lock_open(session, proforma_id, today=today), ProformaState.PAID, by, now)


def cancel(session: Session, proforma_id: int, *, by: Actor, now: datetime) -> None:
    """It is not wanted any more. Cancelling twice is as once; raises NotOpen if it was paid."""
    proforma = _locked(session, proforma_id)
    if proforma.state is ProformaState.PAID:
        raise NotOpen(proforma.state)
    if proforma.state is ProformaState.OPEN:
        _end(session, proforma, ProformaState.CANCELLED, by, now)


def expire(session: Session, proforma_id: int, *, by: Actor, today: date, now: datetime) -> bool:
    """End one whose last day is over; whether it was still open."""
    proforma = _locked(session, proforma_id)
    if proforma.state is not ProformaState.OPEN or today <= proforma.expires_on:
        return False
    _end(session, proforma, ProformaState.EXPIRED, by, now)
    return True


def drop_orders(
    session: Session,
    subscription_id: int,
    cur_expires_on: date,
    *,
    but: int | None,
    by: Actor,
    now: datetime,
) -> None:
    """Cancel open orders of a period that was renewed by other means, so that nobody pays twice."""
    found = session.scalars(
        select(ProformaLine.proforma_id).where(
            ProformaLine.open,
            ProformaLine.subscription_id == subscription_id,
            ProformaLine.cur_expires_on == cur_expires_on,
        )
    )
    for proforma_id in found.all():
        if proforma_id != but:
            cancel(session, proforma_id, by=by, now=now)


def _make_way(
    session: Session, orders: Sequence[Order], *, automatic: bool, by: Actor, now: datetime
) -> None:
    periods = [(order.subscription_id, order.cur_expires_on) for order in orders]
    in_the_way = session.scalars(
        select(Proforma)
        .join(ProformaLine, ProformaLine.proforma_id == Proforma.id)
        .where(
            ProformaLine.open,
            tuple_(ProformaLine.subscription_id, ProformaLine.cur_expires_on).in_(periods),
        )
        .order_by(Proforma.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).unique().all()  # fmt: skip
    staying = {one.number for one in in_the_way if automatic or not one.automatic}
    if staying:
        raise Ordered(staying)
    for one in in_the_way:
        _end(session, one, ProformaState.CANCELLED, by, now)


def _line(proforma_id: int, position: int, order: Order, share: drawing_up.Amounts) -> ProformaLine:
    item = order.item
    return ProformaLine(
        proforma_id=proforma_id, position=position, subscription_id=order.subscription_id,
        cur_expires_on=order.cur_expires_on, kind=item.kind, subject=item.subject,
        months=item.months, ends_on=item.ends_on, net=share.net, vat=share.vat,
        vat_category=share.category, vat_rate=share.rate, total=item.price,
    )  # fmt: skip


def _locked(session: Session, proforma_id: int) -> Proforma:
    return session.scalars(
        select(Proforma)
        .where(Proforma.id == proforma_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _end(
    session: Session, proforma: Proforma, state: ProformaState, by: Actor, now: datetime
) -> None:
    proforma.state, proforma.closed_at = state, now
    session.flush()
    session.execute(
        update(ProformaLine).where(ProformaLine.proforma_id == proforma.id).values(open=False)
    )
    _tell(session, f"proforma.{state.value}", proforma, by, now)


def _tell(session: Session, event: str, proforma: Proforma, by: Actor, now: datetime) -> None:
    record(
        session, event, organization_id=proforma.organization_id, subject=proforma.number, by=by,
        now=now, total=proforma.total, currency=proforma.currency, automatic=proforma.automatic,
    )  # fmt: skip
