"""What a choice would do to the ticked subscriptions, and what they have in common."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, case, func, not_, or_, select
from sqlalchemy.orm import Session

from app.auto_renewal.bulk_choice import BulkChoice, changed_by, number_of, switched_by
from app.selections.sets import mixed_sum, named
from app.subscriptions.models import Subscription


@dataclass(frozen=True)
class Survey:
    """What a choice would do to the ticked subscriptions, counted now.

    `seen` names exactly this set. `changing` includes those that are `switched`. `expired` ones
    renew by hand only. Of the others, those that are on are tried from `next_slot_on` on, and the
    first of those that are off is paid through `soonest`.
    """

    number: int
    seen: str
    changing: int
    switched: int
    expired: int
    next_slot_on: date | None
    soonest: date | None


def survey(session: Session, targets: Select[int], choice: BulkChoice, today: date) -> Survey:
    """Count what `choice` would do, in one statement; `targets` are ids of subscriptions."""
    over = Subscription.expires_on <= today
    has_slot = Subscription.next_slot_on.is_not(None)
    row = session.execute(
        select(
            func.count(),
            mixed_sum(Subscription.id),
            number_of(changed_by(choice)),
            number_of(switched_by(choice)),
            number_of(over),
            func.min(Subscription.next_slot_on),
            func.min(case((not_(or_(over, has_slot)), Subscription.expires_on))),
        ).where(Subscription.id.in_(targets))
    ).one()
    number, mixed, changing, switched, expired, slot, soonest = row
    return Survey(
        number, named(number, mixed), int(changing), int(switched), int(expired), slot, soonest
    )


@dataclass(frozen=True)
class Common:
    """What the ticked subscriptions have in common; None where they differ, or none is ticked.

    Where some are on, the others do not count: nobody chose anything for them.
    """

    months: int | None
    payer_id: int | None
    has_payer: bool


def common(session: Session, targets: Select[int]) -> Common:
    """What a form over these subscriptions starts from, in one statement."""
    on, length = Subscription.auto_renewal.is_(True), Subscription.renewal_months
    payer = case((on, Subscription.billed_organization_id))
    length_on = case((on, length))
    row = session.execute(
        select(
            func.coalesce(func.min(length_on), func.min(length)),
            func.coalesce(func.max(length_on), func.max(length)),
            func.min(payer),
            func.max(payer),
        ).where(Subscription.id.in_(targets))
    ).one()
    months = row[0] if row[0] == row[1] else None
    return Common(months, row[2] if row[2] == row[3] else None, row[2] is not None)
