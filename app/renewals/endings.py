"""A renewal's end, inside one transaction: taken money, a new date, a journal row; or nothing."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import service as billing
from app.billing.models import BillingContact, Wallet
from app.billing.rules import AccountKind, EntryKind
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.invoices import proformas
from app.invoices import service as invoices
from app.invoices.models import Proforma
from app.invoices.rules import Item, LineKind
from app.journal.service import record
from app.mailboxes import states as mail_states
from app.operator_tasks.service import close_tasks, open_task
from app.renewals import queries, rules
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import Block, Outcome, RenewalState
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Extension, Kind, Status
from app.subscriptions.service import extend_to, forecast_anew, locked

SETTLED_BY_RENEWING = ("no_price", "registry_refused", "registry_date")


@dataclass(frozen=True)
class End:
    """How an attempt ended, and what it would have cost in minor units."""

    outcome: Outcome
    reason: Block | None = None
    price: int | None = None


def end_attempt(
    session: Session, attempt_id: int, subscription: Subscription, end: End, context: Context
) -> None:
    """Store how an attempt ended and tell the journal, once for each thing that became known."""
    row = session.get_one(Attempt, attempt_id)
    before, row.outcome = row.outcome, end.outcome
    row.reason = end.reason.value if end.reason else None
    # "unknown" is told once; that it became a renewal is told by the renewal itself.
    if before is end.outcome or (before and end.outcome is Outcome.RENEWED):
        return
    reason = {"reason": end.reason.value} if end.reason else {}
    _tell(
        session, "renewal.attempted", subscription, context,
        outcome=end.outcome.value, trigger=row.trigger, price=end.price, **reason,
    )  # fmt: skip


def finish_mailbox(
    session: Session,
    subscription: Subscription,
    renewal: Renewal,
    extension: Extension,
    context: Context,
) -> None:
    """Record the new period of a mailbox whose money was just debited (CP6)."""
    subscription.anchor, subscription.months = extension.anchor, extension.months
    _finish(session, subscription, renewal, extension.expires_on, context)


def finish_domain(
    session: Session, renewal_id: int, expires_at: datetime, context: Context
) -> bool:
    """Take the money that was held and record the registry's new date (CP8, CP9); once only."""
    renewal = _open(session, renewal_id)
    if renewal is None:
        return False
    subscription = locked(session, renewal.subscription_id)
    forecast_anew(session, subscription)
    if renewal.price:
        billing.capture(session, renewal.wallet_id, renewal.price)
    session.get_one(Domain, subscription.domain_id).registry_expires_at = expires_at
    ends = rules.paid_through(expires_at, context.terms.tz)
    _finish(session, subscription, renewal, ends, context)
    return True


def fail_domain(session: Session, renewal_id: int, reason: Block, context: Context) -> bool:
    """Give back the money: the registry said no, and nothing changed there (CP10); once only."""
    renewal = _open(session, renewal_id)
    if renewal is None:
        return False
    subscription = locked(session, renewal.subscription_id)
    forecast_anew(session, subscription)
    if renewal.price:
        billing.release(session, renewal.wallet_id, renewal.price)
    renewal.state, renewal.ended_at = RenewalState.FAILED, context.now
    end = End(Outcome.BLOCKED, reason, renewal.price)
    end_attempt(session, renewal.attempt_id, subscription, end, context)
    if reason is Block.DOMAIN_GONE:
        session.get_one(Domain, subscription.domain_id).status = DomainStatus.GONE
        subscription.next_slot_on = None
    elif reason is Block.REGISTRY_REFUSED:
        open_task(session, "registry_refused", subscription.subject, now=context.now)
    return True


def leave_unknown(session: Session, renewal_id: int, context: Context) -> None:
    """No answer: keep the money held and ask again later; nothing new is ordered until then."""
    renewal = _open(session, renewal_id)
    if renewal is not None:
        renewal.state = RenewalState.UNKNOWN
        subscription = session.get_one(Subscription, renewal.subscription_id)
        end = End(Outcome.UNKNOWN, price=renewal.price)
        end_attempt(session, renewal.attempt_id, subscription, end, context)


def claim_lookup(session: Session, renewal_id: int, context: Context) -> bool:
    """Whether this process is the one to ask the registry about an open renewal now."""
    won = session.execute(
        update(Renewal)
        .where(
            Renewal.id == renewal_id,
            Renewal.state.in_(queries.OPEN),
            Renewal.looked_up_at <= context.now - queries.ASK_AGAIN_AFTER,
        )
        .values(looked_up_at=context.now)
        .returning(Renewal.id)
    ).first()
    return won is not None


def _open(session: Session, renewal_id: int) -> Renewal | None:
    """The renewal, locked, unless it has ended: whoever comes second finds nothing to do."""
    return session.scalars(
        select(Renewal)
        .where(Renewal.id == renewal_id, Renewal.state.in_(queries.OPEN))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _finish(
    session: Session,
    subscription: Subscription,
    renewal: Renewal,
    expires_on: date,
    context: Context,
) -> None:
    """One debit, one extension, one journal row, for a renewal whose money was taken."""
    close_tasks(session, *SETTLED_BY_RENEWING, subject=subscription.subject, now=context.now)
    end = End(Outcome.RENEWED, price=renewal.price)
    end_attempt(session, renewal.attempt_id, subscription, end, context)
    if renewal.price:
        renewal.tx_id = _post(session, subscription, renewal, context)
        _invoice(session, subscription, renewal, expires_on, context)
    proformas.drop_orders(
        session, subscription.id, renewal.cur_expires_on, but=renewal.proforma_id, by=context.by,
        now=context.now,
    )  # fmt: skip
    renewal.state = RenewalState.DONE
    renewal.new_expires_on, renewal.ended_at = expires_on, context.now
    look = rules.first_look_on(subscription.kind, expires_on, context.today)
    had_lapsed = subscription.status is not Status.ACTIVE
    extend_to(subscription, expires_on, renewal.months, look)
    if had_lapsed:
        mail_states.follow_subscriptions(session, [subscription.id])
    _tell(
        session, f"{subscription.kind.value}.renewed", subscription, context,
        months=renewal.months, expires_on=expires_on.isoformat(), late_by_us=renewal.late_by_us,
    )  # fmt: skip


def _post(session: Session, subscription: Subscription, renewal: Renewal, context: Context) -> int:
    wallet = billing.wallet_account(session, renewal.wallet_id)
    revenue = billing.ledger_account(
        session, AccountKind.REVENUE, subscription.kind.value, renewal.currency
    )
    # The payer reads this row, who need not be the owner.
    record(
        session, "wallet.debited", subject=subscription.subject, by=context.by, now=context.now,
        organization_id=session.get_one(Wallet, renewal.wallet_id).organization_id,
        amount=renewal.price, currency=renewal.currency,
    )  # fmt: skip
    return billing.post(
        session,
        kind=EntryKind.RENEWAL,
        ref=subscription.subject,
        idem_key=f"renewal:{renewal.id}",
        currency=renewal.currency,
        lines=[billing.Line(wallet, -renewal.price), billing.Line(revenue, renewal.price)],
        business_date=context.today,
        now=context.now,
    )


def _invoice(
    session: Session, subscription: Subscription, renewal: Renewal, ends_on: date, context: Context
) -> None:
    """One line, on the proforma's invoice or on that of the payer, contact and day (L13)."""
    payer_id = session.get_one(Wallet, renewal.wallet_id).organization_id
    starts_on = renewal.cur_expires_on
    if subscription.kind is Kind.MAILBOX and subscription.months == renewal.months:
        # A fresh period from today (R5): what was not served is not sold.
        starts_on = subscription.anchor or starts_on
    invoices.add_line(
        session,
        organization_id=payer_id,
        contact_id=_contact_of(session, subscription, renewal, payer_id),
        currency=renewal.currency,
        item=Item(
            LineKind(subscription.kind.value), subscription.subject, renewal.months, starts_on,
            ends_on, renewal.price,
        ),
        today=context.today,
        renewal_id=renewal.id,
        proforma_id=renewal.proforma_id,
    )  # fmt: skip


def _contact_of(
    session: Session, subscription: Subscription, renewal: Renewal, payer_id: int
) -> int | None:
    """To whom it is made out: the proforma's contact, else the one chosen, if it is the payer's."""
    if renewal.proforma_id is not None:
        return session.get_one(Proforma, renewal.proforma_id).contact_id
    if subscription.billing_contact_id is None:
        return None
    contact = session.get_one(BillingContact, subscription.billing_contact_id)
    return contact.id if contact.organization_id == payer_id else None


def _tell(
    session: Session, event: str, subscription: Subscription, context: Context, **detail: object
) -> None:
    record(
        session, event, organization_id=subscription.organization_id, subject=subscription.subject,
        by=context.by, now=context.now, **detail,
    )  # fmt: skip
