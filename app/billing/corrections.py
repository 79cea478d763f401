"""What the host books by hand: transfers nobody announced, and corrections (L1, L10).

Nothing here moves money between organizations: each entry is against the host's own accounts.
"""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import service as billing
from app.billing.models import LedgerTx
from app.billing.rules import AccountKind, EntryKind
from app.journal.service import record


@dataclass(frozen=True)
class Booking:
    """What is booked: `amount` in minor units of the terms' currency, below zero to take.

    `reason` is shown to the customer; `key` lets it in once.
    """

    organization_id: int
    amount: int
    reason: str
    key: str


def credit_transfer(session: Session, booking: Booking, context: Context) -> bool:
    """Money that came to the bank without a reference; False when this key was booked before."""
    return _book(session, booking, EntryKind.TRANSFER, AccountKind.BANK, context)


def correct(session: Session, booking: Booking, context: Context) -> bool:
    """Put a wallet right, below zero too; False when this key was booked before (L1, L3)."""
    return _book(session, booking, EntryKind.CORRECTION, AccountKind.ADJUSTMENTS, context)


_EVENTS = {
    EntryKind.TRANSFER: "wallet.topped_up",
    EntryKind.CORRECTION: "wallet.corrected",
}


def _book(
    session: Session, booking: Booking, kind: EntryKind, against: AccountKind, context: Context
) -> bool:
    currency, amount = context.terms.currency, booking.amount
    wallet_id = billing.ensure_wallet(session, booking.organization_id, currency)
    billing.lock_wallets(session, [booking.organization_id])
    key = f"{kind.value}:{booking.key}"
    if session.scalar(select(exists().where(LedgerTx.idem_key == key))):
        return False
    source = billing.ledger_account(session, against, "by_hand", currency)
    wallet = billing.wallet_account(session, wallet_id)
    tx_id = billing.post(
        session, kind=kind, ref=booking.reason, idem_key=key, currency=currency,
        lines=[billing.Line(wallet, amount), billing.Line(source, -amount)],
        business_date=context.today, now=context.now,
    )  # fmt: skip
    billing.credit(session, wallet_id, amount)
    if amount > 0:
        billing.funded(session, wallet_id, f"tx:{tx_id}")
    record(
        session, _EVENTS[kind], organization_id=booking.organization_id, subject=booking.reason,
        by=context.by, now=context.now, amount=amount, currency=currency,
    )  # fmt: skip
    return True
