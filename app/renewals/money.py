"""What renewals know of money: what a charge is for, what is on which invoice, what is held."""

from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing.ports import PaidFor
from app.invoices.models import Invoice, InvoiceLine
from app.renewals.models import FundedPeriod, Renewal
from app.renewals.rules import RenewalState
from app.subscriptions.models import Subscription


def paid_for(session: Session, payment_id: int) -> list[PaidFor]:
    """The renewals that a charge is for, the first to expire first; none for a top-up."""
    rows = session.execute(
        select(Subscription.subject, FundedPeriod.cur_expires_on, FundedPeriod.price)
        .join(Subscription, Subscription.id == FundedPeriod.subscription_id)
        .where(FundedPeriod.payment_id == payment_id)
        .order_by(FundedPeriod.cur_expires_on, FundedPeriod.id)
    )
    return [PaidFor(*row) for row in rows]


def invoices(session: Session, tx_ids: Collection[int]) -> Mapping[int, str]:
    """By movement of the ledger, the number of the invoice it is on; drafts have none."""
    rows = session.execute(
        select(Renewal.tx_id, Invoice.number)
        .join(InvoiceLine, InvoiceLine.renewal_id == Renewal.id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Renewal.tx_id.in_(tx_ids), Invoice.number.is_not(None))
    )
    return {row.tx_id: row.number for row in rows}


def held(session: Session) -> Mapping[int, int]:
    """By wallet, what renewals under way have set aside, in minor units (L4)."""
    rows = session.execute(
        select(Renewal.wallet_id, func.sum(Renewal.price).label("price"))
        .where(Renewal.state.in_((RenewalState.CLAIMED, RenewalState.UNKNOWN)))
        .group_by(Renewal.wallet_id)
    )
    return {row.wallet_id: int(row.price) for row in rows}
