"""The nightly check that every balance is the sum of its entries (L3)."""

from datetime import datetime

from app.billing.queries import wallets_that_differ_for_staff
from app.db import transaction
from app.operator_tasks.service import open_task


def check_balances(now: datetime, run_id: int) -> int:
    """Recompute all balances; open an operator task per wallet that differs; how many do."""
    with transaction() as session:
        different = wallets_that_differ_for_staff(session)
        for wallet_id, posted, entries in different:
            open_task(
                session, "balance_differs", f"wallet:{wallet_id}", now=now,
                posted=posted, entries=entries, run=run_id,
            )  # fmt: skip
    return len(different)
