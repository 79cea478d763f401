"""Takes a change of many choices back, as one."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, case, literal, select, update
from sqlalchemy.orm import Session

from app.auto_renewal.bulk import OFF, forecast_anew, journal, rows_of
from app.auto_renewal.bulk_choice import as_chosen
from app.auto_renewal.models import KEPT, BulkChange, BulkChangeRow
from app.auto_renewal.queries import renewed_since
from app.auto_renewal.service import Caller
from app.journal.models import JournalRow
from app.renewals.slots import next_slot
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind

VALID_FOR = timedelta(minutes=10)


class TooLate(Exception):
    """There is nothing of this person's to take back, or not any more."""


@dataclass(frozen=True)
class Undone:
    """How many choices came back, how many had been changed again since, how many were renewed."""

    number: int
    left: int
    renewed: int


def undo_all(session: Session, change_id: int, caller: Caller) -> Undone:
    """Bring back what stood before a change of the last ten minutes; TooLate otherwise.

    A choice that was changed again since is left as it is.
    """
    change = _claimed(session, change_id, caller)
    unchanged = and_(
        BulkChangeRow.change_id == change_id,
        BulkChangeRow.subscription_id == Subscription.id,
        Subscription.organization_id.in_(caller.organization_ids),
        as_chosen(change),
    )
    on_again = "auto_renewal.changed" if change.on else "auto_renewal.switched_on"
    back = case((BulkChangeRow.auto_renewal, on_again), else_=OFF)
    journal(session, unchanged, back, literal({}, JournalRow.detail.type), caller)
    before = {name: getattr(BulkChangeRow, name) for name in KEPT}
    number = rows_of(
        session.execute(
            update(Subscription)
            .where(unchanged)
            .values(**before, next_slot_on=_slot(caller.today), verdict=None, missing=None)
            .execution_options(synchronize_session=False)
        )
    )
    forecast_anew(session, change_id, change.billed_organization_id)
    mine = select(BulkChangeRow.subscription_id).where(BulkChangeRow.change_id == change_id)
    renewed = renewed_since(session, mine, change.at) if change.on else 0
    return Undone(number, change.changed - number, renewed)


def _claimed(session: Session, change_id: int, caller: Caller) -> BulkChange:
    change = session.scalars(
        select(BulkChange)
        .where(
            BulkChange.id == change_id,
            BulkChange.user_id == caller.by.user_id,
            BulkChange.at >= caller.now - VALID_FOR,
            BulkChange.undone_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if change is None:
        raise TooLate
    change.undone_at = caller.now
    session.flush()
    return change


def _slot(today: date) -> ColumnElement[date | None]:
    """The next attempt day from today on: what stood before may be over by now."""
    of_kind = case(
        (Subscription.kind == Kind.DOMAIN, next_slot(Kind.DOMAIN, today)),
        else_=next_slot(Kind.MAILBOX, today),
    )
    return case((BulkChangeRow.auto_renewal, of_kind), else_=None)
