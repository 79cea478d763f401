"""Whether and how a wallet is topped up by card when it runs low; the engine does it (R13)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import service as billing
from app.billing.models import Wallet
from app.journal.service import record


class BadThreshold(ValueError):
    """The two amounts make no sense together; forms refuse them before."""


@dataclass(frozen=True)
class AutoTopUp:
    """Minor units: charged up to `to` where less than `below` would be left."""

    below: int
    to: int


def auto_top_up(session: Session, organization_id: int, currency: str) -> AutoTopUp | None:
    """How the organization's wallet is topped up by itself; None where it is not."""
    row = session.execute(
        select(Wallet.auto_top_up_below, Wallet.auto_top_up_to).where(
            Wallet.organization_id == organization_id, Wallet.currency == currency
        )
    ).one_or_none()
    if row is None or row.auto_top_up_below is None or row.auto_top_up_to is None:
        return None
    return AutoTopUp(row.auto_top_up_below, row.auto_top_up_to)


def switch(
    session: Session, organization_id: int, wanted: AutoTopUp | None, context: Context
) -> bool:
    """Switch the automatic top-up on, change it, or (None) switch it off; whether it changed.

    Raises BadThreshold unless 0 ≤ below < to.
    """
    if wanted is not None and not 0 <= wanted.below < wanted.to:
        raise BadThreshold
    currency = context.terms.currency
    wallet = session.get_one(
        Wallet, billing.ensure_wallet(session, organization_id, currency),
        with_for_update=True, populate_existing=True,
    )  # fmt: skip
    before = (wallet.auto_top_up_below, wallet.auto_top_up_to)
    after = (wanted.below, wanted.to) if wanted else (None, None)
    if before == after:
        return False
    wallet.auto_top_up_below, wallet.auto_top_up_to = after
    session.flush()
    billing.forecast_anew(session, [organization_id])
    record(
        session, "wallet.auto_top_up", organization_id=organization_id, subject="wallet",
        by=context.by, now=context.now, currency=currency, below=after[0], to=after[1],
    )  # fmt: skip
    return True
