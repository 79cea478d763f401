"""Reads of funding: what a payer is to renew now, and what its cards were asked for already."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing.models import Wallet
from app.billing.payment_models import Payment
from app.billing.payments import OPEN
from app.billing.rules import BY_ITSELF, Decline, PaymentState
from app.domains.models import Domain
from app.renewals import queries
from app.renewals.funding import MOST_CHARGES, Refill, Wanted, payable
from app.renewals.models import Attempt, FundedPeriod, Renewal
from app.renewals.rules import RenewalState, Trigger, is_in_window, plan
from app.subscriptions.models import Subscription
from app.subscriptions.queries import prices

_THIS_PERIOD = and_(
    FundedPeriod.subscription_id == Subscription.id,
    FundedPeriod.cur_expires_on == Subscription.expires_on,
)


def wanted_of(
    session: Session, payer_id: int, context: Context, *, in_window: bool
) -> list[Wanted]:
    """What a payer is to renew now, in the order of payment.

    That is what is due, or, after money or a card came, all whose window is open (R6).
    """
    today = context.today
    when = (
        and_(Subscription.expires_on > today, Subscription.expires_on <= today + timedelta(days=31))
        if in_window
        else due(today, context)
    )
    catalogue = prices(session)
    rows = session.execute(
        select(
            Subscription.id,
            Subscription.kind,
            Subscription.expires_on,
            Subscription.renewal_months,
            Subscription.domain_id,
            Subscription.card_id,
            Subscription.auto_renewal_since,
            Subscription.announced_price,
            Subscription.announced_months,
            Subscription.price_cap,
            Domain.extension,
            _attempts().label("attempts"),
            _declined().label("declined"),
            _barred().label("barred"),
        )
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(
            Subscription.billed_organization_id == payer_id,
            Subscription.auto_renewal.is_(True),
            when,
            ~exists().where(
                Renewal.subscription_id == Subscription.id,
                Renewal.cur_expires_on == Subscription.expires_on,
                Renewal.state != RenewalState.FAILED,
            ),
        )
    ).all()
    found = []
    for row in rows:
        since = context.terms.today(row.auto_renewal_since or context.now)
        tried_now = (
            is_in_window(row.kind, row.expires_on, today)
            if in_window
            else plan(
                row.kind, row.expires_on, today, on_since=since, attempts=row.attempts
            ).trigger
            is not None
        )
        price = catalogue.to_pay(
            row.kind, row.extension, row.renewal_months, row.announced_price, row.announced_months
        )
        affordable = price is not None and (row.price_cap is None or price <= row.price_cap)
        if tried_now and price is not None and affordable:
            by_card = row.declined < MOST_CHARGES and not row.barred
            found.append(
                Wanted(row.id, row.kind, row.expires_on, price, row.domain_id, by_card, row.card_id)
            )
    ties = queries.ties_of(session, {one.domain_id for one in found})
    return payable(found, ties)


def due(today: date, context: Context) -> ColumnElement[bool]:
    """Subscriptions to be looked at today."""
    return and_(
        Subscription.next_slot_on <= today,
        or_(Subscription.retry_at.is_(None), Subscription.retry_at <= context.now),
    )


def _attempts() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(Attempt)
        .where(
            Attempt.subscription_id == Subscription.id,
            Attempt.cur_expires_on == Subscription.expires_on,
            ~Attempt.trigger.startswith(Trigger.MANUAL.value),
        )
        .scalar_subquery()
    )


def _declined() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(FundedPeriod)
        .join(Payment, Payment.id == FundedPeriod.payment_id)
        .where(_THIS_PERIOD, Payment.state == PaymentState.DECLINED)
        .scalar_subquery()
    )


def _barred() -> ColumnElement[bool]:
    """No answer yet, or the bank wants the customer: no further try by itself (L6, R14)."""
    return exists().where(
        _THIS_PERIOD,
        Payment.id == FundedPeriod.payment_id,
        or_(Payment.state.in_(OPEN), Payment.decline == Decline.AUTHENTICATION),
    )


def without_card(session: Session, payer_id: int) -> set[int]:
    """Subscriptions of a payer whose present renewal may not be charged to a card again (R14)."""
    return set(
        session.scalars(
            select(Subscription.id).where(
                Subscription.billed_organization_id == payer_id,
                Subscription.auto_renewal.is_(True),
                Subscription.id.in_(
                    select(FundedPeriod.subscription_id)
                    .join(Payment, Payment.id == FundedPeriod.payment_id)
                    .where(Payment.organization_id == payer_id)
                ),
                or_(_barred(), _declined() >= MOST_CHARGES),
            )
        )
    )


def last_charge(
    session: Session, subscription_id: int, expires_on: date
) -> tuple[PaymentState, Decline | None] | None:
    """How the latest charge for a renewal stands, or None where no card was charged for it."""
    row = session.execute(
        select(Payment.state, Payment.decline)
        .join(FundedPeriod, FundedPeriod.payment_id == Payment.id)
        .where(
            FundedPeriod.subscription_id == subscription_id,
            FundedPeriod.cur_expires_on == expires_on,
        )
        .order_by(Payment.id.desc())
        .limit(1)
    ).first()
    return (row.state, row.decline) if row else None


def being_charged(session: Session, payer_id: int) -> bool:
    """Whether a charge was written down and may be on its way this very moment."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Payment.organization_id == payer_id,
                    Payment.purpose.in_(BY_ITSELF),
                    Payment.state == PaymentState.CREATED,
                )
            )
        )
    )


def refill_of(session: Session, payer_id: int, currency: str) -> Refill | None:
    """The automatic top-up of a wallet, where its owners want one."""
    row = session.execute(
        select(Wallet.auto_top_up_below, Wallet.auto_top_up_to).where(
            Wallet.organization_id == payer_id, Wallet.currency == currency
        )
    ).first()
    if row is None or row.auto_top_up_below is None or row.auto_top_up_to is None:
        return None
    return Refill(row.auto_top_up_below, row.auto_top_up_to)


def funded_for_staff(session: Session, currency: str) -> list[tuple[int, int, str]]:
    """`(wallet id, organization id, what came)` of wallets that got money or a card."""
    rows = session.execute(
        select(Wallet.id, Wallet.organization_id, Wallet.funded_by)
        .where(Wallet.funded_by.is_not(None), Wallet.currency == currency)
        .order_by(Wallet.id)
    )
    return [(row.id, row.organization_id, row.funded_by) for row in rows]


def to_refill_for_staff(session: Session, currency: str) -> list[int]:
    """Organizations whose wallet has fallen below what they want to have there."""
    return list(
        session.scalars(
            select(Wallet.organization_id)
            .where(
                Wallet.auto_top_up_below.is_not(None),
                Wallet.currency == currency,
                Wallet.posted - Wallet.held < Wallet.auto_top_up_below,
            )
            .order_by(Wallet.id)
        )
    )
