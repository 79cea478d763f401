"""What expires: subscriptions pass from active to grace, suspended and deletable (R4)."""

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from app.accounts.installation import terms
from app.billing.service import forecast_anew
from app.db import transaction
from app.journal.service import Actor, record
from app.mailboxes import states as mail_states
from app.subscriptions.models import Subscription
from app.subscriptions.rules import GRACE_DAYS, SUSPENDED_DAYS, Status, status_on

BATCH = 500


def lapse(now: datetime, run_id: int) -> int:
    """Move every subscription whose day has come to its next status; how many moved."""
    today, by = terms().today(now), Actor(run_id=run_id)
    moved = 0
    while True:
        with transaction() as session:
            batch = _lapse_batch(session, today, now, by)
        moved += batch
        if batch < BATCH:
            return moved


def _lapse_batch(session: Session, today: date, now: datetime, by: Actor) -> int:
    rows = session.execute(
        select(
            Subscription.id,
            Subscription.kind,
            Subscription.subject,
            Subscription.organization_id,
            Subscription.expires_on,
            Subscription.status,
            Subscription.auto_renewal,
            Subscription.billed_organization_id,
        )
        .where(_overdue(today))
        .order_by(Subscription.id)
        .limit(BATCH)
        .with_for_update()
    ).all()
    for row in rows:
        status = status_on(row.kind, row.expires_on, today)
        session.execute(update(Subscription).where(Subscription.id == row.id).values(status=status))
        # Only the first step is news to the customer as such; the others follow from it.
        event = "expired" if row.status is Status.ACTIVE else status.value
        record(
            session,
            f"subscription.{event}",
            organization_id=row.organization_id,
            subject=row.subject,
            by=by,
            now=now,
            expires_on=row.expires_on.isoformat(),
            status=status.value,
        )
    mail_states.follow_subscriptions(session, [row.id for row in rows])
    forecast_anew(session, {row.billed_organization_id for row in rows if row.auto_renewal})
    return len(rows)


def _overdue(today: date) -> ColumnElement[bool]:
    grace_over = today - timedelta(days=GRACE_DAYS)
    suspension_over = grace_over - timedelta(days=SUSPENDED_DAYS)
    ends = Subscription.expires_on
    return or_(
        and_(Subscription.status == Status.ACTIVE, ends <= today),
        and_(Subscription.status == Status.GRACE, ends <= grace_over),
        and_(Subscription.status == Status.SUSPENDED, ends <= suspension_over),
    )
