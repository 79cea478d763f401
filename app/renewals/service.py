"""A renewal's beginning, inside one transaction: take the slot, check, pay or set money aside."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import service as billing
from app.billing.models import Wallet
from app.billing.rules import Decline, PaymentState
from app.db import insert_once
from app.domains.models import Domain
from app.domains.rules import DomainStatus, current_expiry_date
from app.operator_tasks.service import open_task
from app.renewals import queries, rules
from app.renewals.endings import End, end_attempt, finish_mailbox
from app.renewals.funding_queries import last_charge
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import Block, Outcome, RenewalState, Trigger
from app.subscriptions.models import Subscription
from app.subscriptions.queries import prices
from app.subscriptions.rules import Extension, Kind, WouldEndInThePast, after_renewal, extend
from app.subscriptions.service import forecast_anew, locked


@dataclass(frozen=True)
class Order:
    """What is to be bought: `months` of the subscription, paid by an organization's wallet."""

    subscription: Subscription
    domain: Domain
    trigger: str
    months: int
    payer_id: int
    late_by_us: bool = False
    # A customer who renews by hand long after expiry gets a fresh period from today (R5).
    may_reactivate: bool = False
    # What a proforma asked for it, tax included; else the price of the day counts.
    price: int | None = None
    proforma_id: int | None = None


@dataclass(frozen=True)
class Ended:
    """An attempt that is over."""

    outcome: Outcome


@dataclass(frozen=True)
class Claimed:
    """A domain's renewal whose money is held: the registry must now be asked (`flows`)."""

    renewal_id: int


def begin_slot(session: Session, subscription_id: int, context: Context) -> Order | None:
    """Decide on one due subscription, and move its next slot; None when nothing is to be tried."""
    subscription = locked(session, subscription_id)
    payer_id, slot = subscription.billed_organization_id, subscription.next_slot_on
    if not subscription.auto_renewal or payer_id is None or slot is None or slot > context.today:
        return None
    forecast_anew(session, subscription)
    since = subscription.auto_renewal_since or context.now
    plan = rules.plan(
        subscription.kind,
        subscription.expires_on,
        context.today,
        on_since=context.terms.today(since),
        attempts=queries.attempts_of(session, subscription.id, subscription.expires_on),
    )
    subscription.next_slot_on, subscription.retry_at = plan.look_again_on, None
    if plan.trigger is None or queries.being_renewed(
        session, subscription.id, subscription.expires_on
    ):
        return None
    return Order(
        subscription,
        session.get_one(Domain, subscription.domain_id),
        plan.trigger.value,
        subscription.renewal_months,
        payer_id,
        late_by_us=plan.trigger is Trigger.COMPENSATION,
    )


def begin_funded(
    session: Session, subscription_id: int, came: str, context: Context
) -> Order | None:
    """An attempt because of what came for its payer (R6); None when there is none to make."""
    subscription = locked(session, subscription_id)
    payer_id = subscription.billed_organization_id
    if (
        not subscription.auto_renewal
        or payer_id is None
        or not rules.is_in_window(subscription.kind, subscription.expires_on, context.today)
        or queries.being_renewed(session, subscription.id, subscription.expires_on)
    ):
        return None
    forecast_anew(session, subscription)
    return Order(
        subscription,
        session.get_one(Domain, subscription.domain_id),
        f"{Trigger.FUNDING}:{came}",
        subscription.renewal_months,
        payer_id,
    )


def attempt(session: Session, order: Order, context: Context) -> Ended | Claimed | None:
    """Take the slot, then pay a mailbox at once, or set a domain's money aside (R6, R9, R13a).

    None when somebody else has the slot. Everything is in the caller's transaction: all of it
    happens or nothing.
    """
    subscription = order.subscription
    attempt_id = insert_once(
        session,
        Attempt,
        subscription_id=subscription.id,
        cur_expires_on=subscription.expires_on,
        business_date=context.today,
        trigger=order.trigger,
        at=context.now,
    )
    if attempt_id is None:
        return None
    price = order.price if order.price is not None else _price(session, order)
    try:
        extension = _check(session, order, price, context)
        renewal = _pay(session, order, attempt_id, price or 0, context)
    except _Stopped as stopped:
        end = End(stopped.outcome, stopped.reason, price)
        end_attempt(session, attempt_id, subscription, end, context)
        return Ended(stopped.outcome)
    if extension is None:
        return Claimed(renewal.id)
    finish_mailbox(session, subscription, renewal, extension, context)
    return Ended(Outcome.RENEWED)


def _price(session: Session, order: Order) -> int | None:
    """What renewing by itself costs today (R16)."""
    subscription = order.subscription
    return prices(session).to_pay(
        subscription.kind, order.domain.extension, order.months,
        subscription.announced_price, subscription.announced_months,
    )  # fmt: skip


class _Stopped(Exception):
    def __init__(self, outcome: Outcome, reason: Block | None = None) -> None:
        super().__init__(outcome.value)
        self.outcome, self.reason = outcome, reason


def _check(session: Session, order: Order, price: int | None, context: Context) -> Extension | None:
    """The new period of a mailbox, None for a domain; _Stopped where something forbids it."""
    subscription = order.subscription
    if price is None:
        open_task(session, "no_price", subscription.subject, now=context.now, months=order.months)
        raise _Stopped(Outcome.BLOCKED, Block.NO_PRICE)
    cap = subscription.price_cap
    if order.price is None and cap is not None and price > cap:
        raise _Stopped(Outcome.BLOCKED, Block.TOO_DEAR)
    if subscription.kind is Kind.DOMAIN:
        if order.domain.status is DomainStatus.GONE:
            raise _Stopped(Outcome.BLOCKED, Block.DOMAIN_GONE)
        return None
    tie = queries.tie_of(session, subscription.domain_id)
    if block := rules.blocked_by_domain(subscription.expires_on, tie):
        raise _Stopped(Outcome.BLOCKED, block)
    return _extension(order, context)


def _extension(order: Order, context: Context) -> Extension:
    anchor, months = order.subscription.anchor, order.subscription.months
    if anchor is None or months is None:
        raise ValueError(f"{order.subscription.subject} has no anchor")
    if order.may_reactivate:
        return after_renewal(anchor, months, order.months, context.today)
    try:
        return extend(anchor, months, order.months, context.today)
    except WouldEndInThePast:
        raise _Stopped(Outcome.BLOCKED, Block.IN_THE_PAST) from None


def _pay(session: Session, order: Order, attempt_id: int, price: int, context: Context) -> Renewal:
    """Debit a mailbox's price, or hold a domain's; _Stopped when the wallet does not reach."""
    wallet_id = session.scalar(
        select(Wallet.id).where(
            Wallet.organization_id == order.payer_id, Wallet.currency == context.terms.currency
        )
    )
    if wallet_id is None:
        raise _Stopped(_why_short(session, order))
    take = billing.hold if order.subscription.kind is Kind.DOMAIN else billing.debit
    try:
        if price:
            take(session, wallet_id, price)
    except billing.NotEnough:
        raise _Stopped(_why_short(session, order)) from None
    registry = order.domain.registry_expires_at
    # The unique key of R9 stands behind this insert: a second claim of the period is an error that
    # rolls back everything above, money included.
    renewal = Renewal(
        subscription_id=order.subscription.id,
        attempt_id=attempt_id,
        cur_expires_on=order.subscription.expires_on,
        state=RenewalState.CLAIMED,
        months=order.months,
        wallet_id=wallet_id,
        price=price,
        currency=context.terms.currency,
        registry_date=current_expiry_date(registry) if registry else None,
        late_by_us=order.late_by_us,
        proforma_id=order.proforma_id,
        claimed_at=context.now,
        looked_up_at=context.now,
    )
    session.add(renewal)
    session.flush()
    return renewal


def _why_short(session: Session, order: Order) -> Outcome:
    """What became of the charge that was to pay for it, if a card was charged (R14)."""
    charge = last_charge(session, order.subscription.id, order.subscription.expires_on)
    if charge is None:
        return Outcome.UNFUNDED
    match charge:
        case PaymentState.DECLINED, Decline.AUTHENTICATION:
            return Outcome.AUTHENTICATION_REQUIRED
        case PaymentState.DECLINED, _:
            return Outcome.DECLINED
        case ((PaymentState.CREATED | PaymentState.WAITING | PaymentState.UNKNOWN), _):
            return Outcome.UNKNOWN
        case _:
            return Outcome.UNFUNDED
