"""Changes of what renews: the auto-renewal choice and the end of what is paid for."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import terms
from app.billing import service as billing
from app.journal.service import Actor, record
from app.subscriptions.models import Subscription
from app.subscriptions.queries import payers_of_mailboxes
from app.subscriptions.rules import Kind, Status


@dataclass(frozen=True)
class Choice:
    """An auto-renewal choice: `months` is the length of the next periods.

    Contact and card are only named for domains, and must belong to the billed organization (R22).
    """

    on: bool
    months: int
    billed_organization_id: int | None
    billing_contact_id: int | None = None
    card_id: int | None = None


def locked(session: Session, subscription_id: int) -> Subscription:
    """The subscription, read afresh and locked until the transaction ends."""
    return session.scalars(
        select(Subscription)
        .where(Subscription.id == subscription_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def choose(
    session: Session,
    subscription: Subscription,
    choice: Choice,
    *,
    next_slot_on: date | None,
    by: Actor,
    now: datetime,
) -> bool:
    """Apply a choice whose rights were checked; whether it changed anything.

    `next_slot_on` is the next attempt day of the engine's rules, which counts while it is on.
    """
    before = current_choice(subscription)
    if before == choice:
        return False
    if choice.on and not before.on:
        subscription.auto_renewal_since = now
    subscription.auto_renewal = choice.on
    subscription.renewal_months = choice.months
    subscription.billed_organization_id = choice.billed_organization_id
    subscription.billing_contact_id = choice.billing_contact_id
    subscription.card_id = choice.card_id
    subscription.next_slot_on = next_slot_on if choice.on else None
    subscription.verdict = subscription.missing = None
    forecast_anew(session, subscription, before.billed_organization_id)
    record(
        session,
        _event(before, choice),
        organization_id=subscription.organization_id,
        subject=subscription.subject,
        by=by,
        now=now,
        months=choice.months,
        billed_organization=choice.billed_organization_id,
    )
    return True


def limit(
    session: Session, subscription: Subscription, cap: int | None, *, by: Actor, now: datetime
) -> bool:
    """Renew by itself up to this price only, in minor units, None for any; whether it changed."""
    before = subscription.price_cap
    if before == cap:
        return False
    subscription.price_cap = cap
    subscription.verdict = subscription.missing = None
    forecast_anew(session, subscription)
    record(
        session,
        "auto_renewal.limit_removed" if cap is None else "auto_renewal.limit_set",
        organization_id=subscription.organization_id,
        subject=subscription.subject,
        by=by,
        now=now,
        before=before,
        after=cap,
        currency=terms(session).currency,
    )
    return True


def forecast_anew(session: Session, subscription: Subscription, *also: int | None) -> None:
    """Have the verdicts worked out again that a change of this subscription concerns (R18).

    Those are of what its payer pays, of a domain's mailboxes, and of what `also` pay. To be called
    before money moves in the same transaction.
    """
    payers = {subscription.billed_organization_id, *also}
    if subscription.kind is Kind.DOMAIN:
        payers |= payers_of_mailboxes(session, [subscription.domain_id])
    billing.forecast_anew(session, [payer for payer in payers if payer is not None])


def _event(before: Choice, after: Choice) -> str:
    if not after.on:
        return "auto_renewal.switched_off"
    return "auto_renewal.changed" if before.on else "auto_renewal.switched_on"


def current_choice(subscription: Subscription) -> Choice:
    """The choice that stands."""
    return Choice(
        on=subscription.auto_renewal,
        months=subscription.renewal_months,
        billed_organization_id=subscription.billed_organization_id,
        billing_contact_id=subscription.billing_contact_id,
        card_id=subscription.card_id,
    )


def extend_to(
    subscription: Subscription, expires_on: date, months: int, next_slot_on: date | None
) -> None:
    """Record a paid period that ends on `expires_on`; anchored months are set by the caller."""
    subscription.expires_on = expires_on
    subscription.period_months = months
    subscription.status = Status.ACTIVE
    subscription.next_slot_on = next_slot_on if subscription.auto_renewal else None
