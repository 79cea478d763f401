"""Switches the ticked domains of an organization on: one statement a table, once (R20, R22)."""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    CompoundSelect,
    CursorResult,
    case,
    func,
    insert,
    literal,
    literal_column,
    select,
    union,
)
from sqlalchemy import update as update_table
from sqlalchemy.orm import Session, aliased

from app.auto_renewal.bulk import Different, Done
from app.auto_renewal.models import KEPT, BulkChange, BulkChangeRow
from app.auto_renewal.recurring_queries import Payment, differs, stop
from app.auto_renewal.service import Caller, Refusal, Refused
from app.billing import service as billing
from app.billing.models import BillingContact, Card
from app.db import insert_once
from app.db.json import json_object
from app.domains import selecting
from app.domains.models import Domain
from app.journal.models import JournalRow
from app.renewals.slots import next_slot
from app.selections.queries import Ticks, ticks
from app.selections.service import clear
from app.selections.sets import mixed_sum, named
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind
from app.web.listing import Found


@dataclass(frozen=True)
class Order:
    """One confirmed page: what this browser has ticked is to be paid like this.

    `seen` is the survey's name of what the person saw; `nonce` names the form.
    """

    sign_in_id: int
    payment: Payment
    seen: str
    nonce: str


def confirm(session: Session, order: Order, caller: Caller) -> Done:
    """Switch the ticked domains on that nothing stands in the way of, and untick all.

    The rights to bill and to manage renewals were checked by the caller. A form sent twice gets
    the same answer twice, and acts once. Raises Different where anything else is ticked than the
    person saw, Refused where contact or card are not the payer's own; then nothing is changed.
    """
    payment = order.payment
    scope = selecting.scope_of(payment.organization_id)
    found = ticks(session, order.sign_in_id, scope, locked=True)
    told = _counted(session, order, caller, found)
    if told.change_id is not None:
        return Done(told.change_id, told.changed, told.changed)
    _check(told, order)
    change_id = insert_once(
        session, BulkChange, nonce=order.nonce, user_id=caller.by.user_id, at=caller.now, on=True,
        billed_organization_id=payment.organization_id, changed=told.changing, names_card=True,
        billing_contact_id=payment.contact_id, card_id=payment.card_id,
    )  # fmt: skip
    if change_id is None or _keep_what_stood(session, change_id, payment, found) != told.changing:
        raise Different
    _journal(session, change_id, payment, caller)
    _update(session, change_id, payment, caller)
    _forecast_anew(session, change_id, payment)
    clear(session, order.sign_in_id, scope)
    return Done(change_id, told.number, told.changing)


def _counted(session: Session, order: Order, caller: Caller, found: Ticks) -> Found:
    """What is ticked and how many will be changed; whose contact and card; whether done before."""
    payment = order.payment
    columns = select(
        Domain.id, case((stop().is_(None) & differs(payment), 1), else_=0).label("changing")
    )
    rows = selecting.ticked(payment.organization_id, found, columns).subquery()
    contact = select(BillingContact.id).where(
        BillingContact.id == payment.contact_id,
        BillingContact.organization_id == payment.organization_id,
    )
    card = select(Card.id).where(
        Card.id == payment.card_id, Card.organization_id == payment.organization_id, Card.validated
    )
    before = (BulkChange.nonce == order.nonce, BulkChange.user_id == caller.by.user_id)
    return session.execute(
        select(
            func.count().label("number"),
            mixed_sum(rows.c.id).label("ids"),
            func.coalesce(func.sum(rows.c.changing), 0).label("changing"),
            contact.scalar_subquery().label("contact_id"),
            card.scalar_subquery().label("card_id"),
            select(BulkChange.id).where(*before).scalar_subquery().label("change_id"),
            select(BulkChange.changed).where(*before).scalar_subquery().label("changed"),
        ).select_from(rows)
    ).one()


def _check(told: Found, order: Order) -> None:
    if told.contact_id is None:
        raise Refused(Refusal.CONTACT)
    if told.card_id is None:
        raise Refused(Refusal.CARD)
    if named(told.number, told.ids) != order.seen:
        raise Different


def _keep_what_stood(session: Session, change_id: int, payment: Payment, found: Ticks) -> int:
    """Lock what is to be changed, and note it as it is."""
    concerned = selecting.ticked(payment.organization_id, found, select(Subscription.id)).where(
        stop().is_(None), differs(payment)
    )
    columns = [getattr(Subscription, name) for name in KEPT]
    rows = (
        select(literal(change_id), Subscription.id, *columns)
        .where(Subscription.id.in_(concerned))
        .order_by(Subscription.id)
        .with_for_update()
    )
    into = ["change_id", "subscription_id", *KEPT]
    kept = session.execute(
        insert(BulkChangeRow).from_select(into, rows).execution_options(preserve_rowcount=True)
    )
    return cast("CursorResult[Any]", kept).rowcount


def _journal(session: Session, change_id: int, payment: Payment, caller: Caller) -> None:
    event = case(
        (BulkChangeRow.auto_renewal, "auto_renewal.changed"), else_="auto_renewal.switched_on"
    )
    detail = json_object(
        literal_column("'months'"),
        BulkChangeRow.renewal_months,
        literal_column("'billed_organization'"),
        literal(payment.organization_id),
    )
    rows = (
        select(
            literal(caller.now, JournalRow.at.type),
            event,
            Subscription.organization_id,
            Subscription.subject,
            literal(caller.by.user_id),
            detail,
        )
        .join(BulkChangeRow, BulkChangeRow.subscription_id == Subscription.id)
        .where(BulkChangeRow.change_id == change_id)
    )
    into = ["at", "event", "organization_id", "subject", "user_id", "detail"]
    session.execute(insert(JournalRow).from_select(into, rows))


def _update(session: Session, change_id: int, payment: Payment, caller: Caller) -> None:
    mine = select(BulkChangeRow.subscription_id).where(BulkChangeRow.change_id == change_id)
    since = case((Subscription.auto_renewal, Subscription.auto_renewal_since), else_=caller.now)
    session.execute(
        update_table(Subscription)
        .where(Subscription.id.in_(mine))
        .values(
            auto_renewal=True,
            auto_renewal_since=since,
            billed_organization_id=payment.organization_id,
            billing_contact_id=payment.contact_id,
            card_id=payment.card_id,
            next_slot_on=next_slot(Kind.DOMAIN, caller.today),
            verdict=None,
            missing=None,
        )
        .execution_options(synchronize_session=False)
    )


def _forecast_anew(session: Session, change_id: int, payment: Payment) -> None:
    """For who pays now, who paid before, and who pays for mailboxes on these domains (R18)."""
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
            of_mailbox.kind == Kind.MAILBOX,
            of_mailbox.auto_renewal.is_(True),
        )
    )
    now = select(literal(payment.organization_id).label("payer"))
    payers: CompoundSelect[int | None] = union(now, before, on_them)
    billing.forecast_anew(session, select(payers.subquery().c.payer))
