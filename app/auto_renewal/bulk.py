"""Changes many choices at once: counted again, one statement a table, once (R20)."""

from dataclasses import asdict, dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    CursorResult,
    Select,
    and_,
    case,
    func,
    insert,
    literal,
    literal_column,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session, aliased

from app.auto_renewal.bulk_choice import BulkChoice, changed_by, number_of, switched_by
from app.auto_renewal.models import KEPT, BulkChange, BulkChangeRow
from app.auto_renewal.service import Caller
from app.billing import service as billing
from app.db import insert_once
from app.db.json import json_object
from app.journal.models import JournalRow
from app.renewals.slots import next_slot
from app.selections.sets import mixed_sum, named
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind
from app.web.listing import Found, Selected

OFF = "auto_renewal.switched_off"


class Different(Exception):
    """What is ticked is not what the person saw: rows appeared, vanished, or were ticked since."""


@dataclass(frozen=True)
class Order:
    """One form: what is to be chosen for all that are ticked, of one kind.

    Each row of `ticked` carries an `id`, by all of which the set is named, and as `target` the
    subscription to change, NULL where something stands in the way. `seen` names what the person
    saw; `nonce` names the form.
    """

    kind: Kind
    choice: BulkChoice
    ticked: Selected
    seen: str
    nonce: str


@dataclass(frozen=True)
class Done:
    """What was done: of `number` ticked, `changed` were, `switched` of them on or off.

    `change_id` is that by which it is taken back.
    """

    change_id: int
    number: int
    changed: int
    switched: int


def change_all(session: Session, order: Order, caller: Caller) -> Done:
    """Choose for all at once; rights to bill and belongings were checked by the caller.

    Rows of organizations that the caller does not manage are never touched. A form that is sent
    twice gets the same answer twice, and acts once. Raises Different; then nothing is changed.
    """
    rows = order.ticked.subquery()
    told = _counted(session, rows, order.choice, caller)
    change_id = insert_once(
        session, BulkChange, nonce=order.nonce, user_id=caller.by.user_id, at=caller.now,
        changed=told.changed, **asdict(order.choice),
    )  # fmt: skip
    if change_id is None:
        return done_before(session, order.nonce, caller.by.user_id) or _refuse()
    if named(told.number, told.mixed) != order.seen:
        raise Different
    if _keep_what_stood(session, change_id, select(rows.c.target), order, caller) != told.changed:
        raise Different
    mine = select(BulkChangeRow.subscription_id).where(BulkChangeRow.change_id == change_id)
    journal(session, Subscription.id.in_(mine), _event(order.choice), _detail(order.choice), caller)
    session.execute(
        update(Subscription)
        .where(Subscription.id.in_(mine))
        .values(**_values(order, caller))
        .execution_options(synchronize_session=False)
    )
    forecast_anew(session, change_id, order.choice.billed_organization_id)
    return Done(change_id, told.number, told.changed, told.switched)


def done_before(session: Session, nonce: str | None, user_id: int | None) -> Done | None:
    """What a form of this person's has done already; only what was changed is remembered."""
    switched = number_of(BulkChangeRow.auto_renewal.is_distinct_from(BulkChange.on))
    row = session.execute(
        select(BulkChange.id, BulkChange.changed, switched.label("switched"))
        .outerjoin(BulkChangeRow, BulkChangeRow.change_id == BulkChange.id)
        .where(BulkChange.nonce == nonce, BulkChange.user_id == user_id)
        .group_by(BulkChange.id, BulkChange.changed)
    ).one_or_none()
    if row is None:
        return None
    # A change of nothing has no rows to switch.
    return Done(row.id, row.changed, row.changed, min(int(row.switched), row.changed))


def _refuse() -> Done:
    """The form is somebody else's."""
    raise Different


def _counted(session: Session, rows: Any, choice: BulkChoice, caller: Caller) -> Found:
    """What is ticked now, and what will be changed of it."""
    mine = and_(
        Subscription.id == rows.c.target,
        Subscription.organization_id.in_(caller.organization_ids),
    )
    return session.execute(
        select(
            func.count().label("number"),
            mixed_sum(rows.c.id).label("mixed"),
            number_of(and_(Subscription.id.is_not(None), changed_by(choice))).label("changed"),
            number_of(switched_by(choice)).label("switched"),
        )
        .select_from(rows)
        .outerjoin(Subscription, mine)
    ).one()


def _keep_what_stood(
    session: Session, change_id: int, targets: Select[Any], order: Order, caller: Caller
) -> int:
    """Lock what is to be changed and note it as it is; how many rows."""
    columns = [getattr(Subscription, name) for name in KEPT]
    rows = (
        select(literal(change_id), Subscription.id, *columns)
        .where(
            Subscription.id.in_(targets),
            Subscription.organization_id.in_(caller.organization_ids),
            changed_by(order.choice),
        )
        # In one order, so that two changes in bulk cannot wait for each other.
        .order_by(Subscription.id)
        .with_for_update()
    )
    into = ["change_id", "subscription_id", *KEPT]
    kept = session.execute(
        insert(BulkChangeRow).from_select(into, rows).execution_options(preserve_rowcount=True)
    )
    return rows_of(kept)


def _values(order: Order, caller: Caller) -> dict[str, Any]:
    choice = order.choice
    values: dict[str, Any] = {"auto_renewal": choice.on, "verdict": None, "missing": None}
    if not choice.on:
        return values | {"next_slot_on": None}
    values["auto_renewal_since"] = case(
        (Subscription.auto_renewal, Subscription.auto_renewal_since), else_=caller.now
    )
    values["billed_organization_id"] = choice.billed_organization_id
    values["next_slot_on"] = next_slot(order.kind, caller.today)
    if choice.months is not None:
        values["renewal_months"] = choice.months
    if choice.names_card:
        values["billing_contact_id"] = choice.billing_contact_id
        values["card_id"] = choice.card_id
    return values


def _event(choice: BulkChoice) -> ColumnElement[str]:
    if not choice.on:
        return literal(OFF)
    return case(
        (Subscription.auto_renewal, "auto_renewal.changed"), else_="auto_renewal.switched_on"
    )


def _detail(choice: BulkChoice) -> ColumnElement[Any]:
    """What the journal tells of each: for how long it renews, and who pays."""
    if not choice.on:
        return literal({}, JournalRow.detail.type)
    payer = choice.billed_organization_id
    if choice.months is None:
        return json_object(
            literal_column("'months'"), Subscription.renewal_months,
            literal_column("'billed_organization'"), literal(payer),
        )  # fmt: skip
    told = {"months": choice.months, "billed_organization": payer}
    return literal(told, JournalRow.detail.type)


def journal(
    session: Session,
    which: ColumnElement[bool],
    event: ColumnElement[str],
    detail: ColumnElement[Any],
    caller: Caller,
) -> None:
    """One row for each subscription, told before it is changed."""
    rows = select(
        literal(caller.now, JournalRow.at.type),
        event,
        Subscription.organization_id,
        Subscription.subject,
        literal(caller.by.user_id),
        detail,
    ).where(which)
    into = ["at", "event", "organization_id", "subject", "user_id", "detail"]
    session.execute(insert(JournalRow).from_select(into, rows))


def forecast_anew(session: Session, change_id: int, payer_id: int | None) -> None:
    """For who pays after a change, who paid before, and who pays for mailboxes on domains (R18)."""
    own, of_mailbox = aliased(Subscription), aliased(Subscription)
    before = select(BulkChangeRow.billed_organization_id).where(
        BulkChangeRow.change_id == change_id, BulkChangeRow.billed_organization_id.is_not(None)
    )
    on_them = (
        select(of_mailbox.billed_organization_id)
        .join(own, own.domain_id == of_mailbox.domain_id)
        .join(BulkChangeRow, BulkChangeRow.subscription_id == own.id)
        .where(
            BulkChangeRow.change_id == change_id,
            own.kind == Kind.DOMAIN,
            of_mailbox.kind == Kind.MAILBOX,
            of_mailbox.auto_renewal.is_(True),
        )
    )
    now = select(literal(payer_id).label("payer"))
    payers: CompoundSelect[int | None] = union(now, before, on_them)
    billing.forecast_anew(session, select(payers.subquery().c.payer))


def rows_of(result: Any) -> int:
    """How many rows a statement wrote."""
    return cast("CursorResult[Any]", result).rowcount
