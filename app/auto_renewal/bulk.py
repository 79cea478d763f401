"""Changes many choices at once: counted again, one statement a table, taken back as one (R20)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.auto_renewal.models import KEPT, BulkChange, BulkChangeRow
from app.auto_renewal.service import Caller
from app.billing import service as billing
from app.db import insert_once
from app.journal.models import JournalRow
from app.renewals.slots import next_slot
from app.selections.sets import mixed_sum, named
from app.subscriptions.models import Subscription
from app.subscriptions.queries import payers_concerned
from app.subscriptions.rules import Kind
from app.subscriptions.service import Choice

VALID_FOR = timedelta(minutes=10)


class AlreadyDone(Exception):
    """This very form was sent before: it acts once."""


class Different(Exception):
    """What is ticked is not what the person saw: rows appeared, vanished, or were ticked since."""


class TooLate(Exception):
    """There is nothing of this person's to take back, or not any more."""


@dataclass(frozen=True)
class Survey:
    """What a choice would do to the ticked subscriptions, counted now.

    `seen` names exactly this set. `soonest` is the first day that any of those that would be
    switched on or changed is paid through; `expired` ones renew by hand only.
    """

    number: int
    seen: str
    changing: int
    expired: int
    soonest: date | None


def survey(session: Session, targets: Select[int], choice: Choice, today: date) -> Survey:
    """Count what `choice` would do, in one statement; `targets` are ids of subscriptions."""
    differs, over = _differs(choice), Subscription.expires_on <= today
    row = session.execute(
        select(
            func.count(),
            mixed_sum(Subscription.id),
            func.coalesce(func.sum(case((differs, 1), else_=0)), 0),
            func.coalesce(func.sum(case((over, 1), else_=0)), 0),
            func.min(case((and_(differs, not_(over)), Subscription.expires_on))),
        ).where(Subscription.id.in_(targets))
    ).one()
    return Survey(row[0], named(row[0], row[1]), int(row[2]), int(row[3]), row[4])


@dataclass(frozen=True)
class Order:
    """One form: what is to be chosen for which subscriptions, of which kind.

    `seen` is the survey's name of what the person saw; `nonce` names the form.
    """

    kind: Kind
    targets: Select[int]
    choice: Choice
    seen: str
    nonce: str


@dataclass(frozen=True)
class Done:
    """What was changed, and the id by which it is taken back."""

    change_id: int
    number: int
    changed: int


def was_sent(session: Session, nonce: str | None) -> bool:
    """Whether a form of that name was acted on."""
    return session.scalar(select(exists().where(BulkChange.nonce == nonce))) is True


def change_all(session: Session, order: Order, caller: Caller) -> Done:
    """Choose for all at once; rights to bill and belongings were checked by the caller.

    Rows of organizations that the caller does not manage are never touched. Raises AlreadyDone and
    Different, and then nothing is changed.
    """
    choice = order.choice
    change_id = insert_once(
        session,
        BulkChange,
        nonce=order.nonce,
        user_id=caller.by.user_id,
        at=caller.now,
        on=choice.on,
        months=choice.months if choice.on else None,
        billed_organization_id=choice.billed_organization_id if choice.on else None,
    )
    if change_id is None:
        raise AlreadyDone
    locked = (
        select(Subscription.id)
        .where(
            Subscription.id.in_(order.targets),
            Subscription.organization_id.in_(caller.organization_ids),
        )
        # In one order, so that two changes in bulk cannot wait for each other.
        .order_by(Subscription.id)
        .with_for_update()
        .subquery()
    )
    number, mixed = session.execute(select(func.count(), mixed_sum(locked.c.id))).one()
    if named(number, mixed) != order.seen:
        raise Different
    _keep_what_stood(session, change_id, order, caller.organization_ids)
    mine = select(BulkChangeRow.subscription_id).where(BulkChangeRow.change_id == change_id)
    _journal(session, Subscription.id.in_(mine), _event(choice), choice, caller)
    changed = _rows(
        session.execute(
            update(Subscription)
            .where(Subscription.id.in_(mine))
            .values(**_values(choice, order.kind, caller))
            .execution_options(synchronize_session=False)
        )
    )
    _forecast_anew(session, change_id)
    session.execute(update(BulkChange).where(BulkChange.id == change_id).values(changed=changed))
    return Done(change_id, number, changed)


@dataclass(frozen=True)
class Undone:
    """How many choices came back, and how many had been changed again since."""

    number: int
    left: int


def undo_all(session: Session, change_id: int, caller: Caller) -> Undone:
    """Bring back what stood before a change of the last ten minutes; TooLate otherwise.

    A choice that was changed again since is left as it is.
    """
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
    unchanged = and_(
        BulkChangeRow.change_id == change_id,
        BulkChangeRow.subscription_id == Subscription.id,
        Subscription.organization_id.in_(caller.organization_ids),
        _still(change),
    )
    on_again = "auto_renewal.changed" if change.on else "auto_renewal.switched_on"
    back = case((BulkChangeRow.auto_renewal, on_again), else_=OFF)
    _journal(session, unchanged, back, None, caller)
    before = {name: getattr(BulkChangeRow, name) for name in KEPT}
    number = _rows(
        session.execute(
            update(Subscription)
            .where(unchanged)
            .values(**before, next_slot_on=_slot(caller.today), verdict=None, missing=None)
            .execution_options(synchronize_session=False)
        )
    )
    _forecast_anew(session, change_id, change.billed_organization_id)
    return Undone(number, change.changed - number)


def _forecast_anew(session: Session, change_id: int, *also: int | None) -> None:
    """Verdicts change for who paid before and who pays now, and with a domain for its mailboxes."""
    touched = select(BulkChangeRow.subscription_id).where(BulkChangeRow.change_id == change_id)
    before = session.scalars(
        select(BulkChangeRow.billed_organization_id)
        .where(BulkChangeRow.change_id == change_id)
        .distinct()
    )
    payers = {payer for payer in (*before, *also) if payer is not None}
    billing.forecast_anew(session, payers | payers_concerned(session, touched))


OFF = "auto_renewal.switched_off"


def _slot(today: date) -> ColumnElement[date | None]:
    """The next attempt day from today on: what stood before may be over by now."""
    of_kind = case(
        (Subscription.kind == Kind.DOMAIN, next_slot(Kind.DOMAIN, today)),
        else_=next_slot(Kind.MAILBOX, today),
    )
    return case((BulkChangeRow.auto_renewal, of_kind), else_=None)


def _differs(choice: Choice) -> ColumnElement[bool]:
    """Whether a subscription's choice would be changed; switching off keeps all but the switch."""
    if not choice.on:
        return Subscription.auto_renewal.is_(True)
    return not_(
        and_(
            Subscription.auto_renewal,
            Subscription.renewal_months == choice.months,
            Subscription.billed_organization_id == choice.billed_organization_id,
        )
    )


def _still(change: BulkChange) -> ColumnElement[bool]:
    """Whether a subscription is as the change left it."""
    if not change.on:
        return Subscription.auto_renewal.is_(False)
    as_left = [
        Subscription.auto_renewal,
        Subscription.billed_organization_id == change.billed_organization_id,
    ]
    if change.names_card:
        as_left += [
            Subscription.billing_contact_id.is_not_distinct_from(change.billing_contact_id),
            Subscription.card_id.is_not_distinct_from(change.card_id),
        ]
    if change.months is not None:
        as_left.append(Subscription.renewal_months == change.months)
    return and_(*as_left)


def _values(choice: Choice, kind: Kind, caller: Caller) -> dict[str, Any]:
    if not choice.on:
        return {"auto_renewal": False, "next_slot_on": None, "verdict": None, "missing": None}
    since = case((Subscription.auto_renewal, Subscription.auto_renewal_since), else_=caller.now)
    return {
        "auto_renewal": True,
        "auto_renewal_since": since,
        "renewal_months": choice.months,
        "billed_organization_id": choice.billed_organization_id,
        "next_slot_on": next_slot(kind, caller.today),
        "verdict": None,
        "missing": None,
    }


def _keep_what_stood(
    session: Session, change_id: int, order: Order, organization_ids: Collection[int]
) -> None:
    columns = [getattr(Subscription, name) for name in KEPT]
    rows = select(literal(change_id), Subscription.id, *columns).where(
        Subscription.id.in_(order.targets),
        Subscription.organization_id.in_(organization_ids),
        _differs(order.choice),
    )
    into = ["change_id", "subscription_id", *KEPT]
    session.execute(insert(BulkChangeRow).from_select(into, rows))


def _event(choice: Choice) -> ColumnElement[str]:
    if not choice.on:
        return literal(OFF)
    return case(
        (Subscription.auto_renewal, "auto_renewal.changed"), else_="auto_renewal.switched_on"
    )


def _journal(
    session: Session,
    which: ColumnElement[bool],
    event: ColumnElement[str],
    choice: Choice | None,
    caller: Caller,
) -> None:
    """One row for each subscription, told before it is changed."""
    detail = {"months": choice.months} if choice and choice.on else {}
    rows = select(
        literal(caller.now, JournalRow.at.type),
        event,
        Subscription.organization_id,
        Subscription.subject,
        literal(caller.by.user_id),
        literal(detail, JournalRow.detail.type),
    ).where(which)
    into = ["at", "event", "organization_id", "subject", "user_id", "detail"]
    session.execute(insert(JournalRow).from_select(into, rows))


def _rows(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
