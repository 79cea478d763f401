"""Columns that hold one of several kinds learn new ones; what is issued is frozen (L2, L13).

On SQLite a check constraint is changed in the stored text of its table, in the way that
https://www.sqlite.org/lang_altertable.html#otheralter describes: copying a ledger would mean to
switch its triggers and foreign keys off meanwhile.
"""

import re

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Table, column, name of the constraint, all values from now on.
WIDENED = (
    (
        "ledger_tx",
        "kind",
        "ck_ledger_tx_entry_kind",
        (
            "opening_balance", "renewal", "top_up", "card_charge", "transfer", "refund", "dispute",
            "dispute_won", "correction", "vat",
        ),
    ),
    (
        "ledger_accounts",
        "kind",
        "ck_ledger_accounts_account_kind",
        (
            "wallet", "opening", "revenue", "psp_clearing", "bank", "vat", "refunds", "disputes",
            "adjustments",
        ),
    ),
)  # fmt: skip


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, column, name, values in WIDENED:
        listed = ", ".join(f"'{value}'" for value in values)
        check = f"{column} IN ({listed})"
        if postgresql:
            op.drop_constraint(op.f(name), table, type_="check")
            op.create_check_constraint(op.f(name), table, check)
        else:
            _rewrite_check(table, name, check)


def _rewrite_check(table: str, name: str, check: str) -> None:
    bind = op.get_bind()
    before = bind.execute(
        text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"),
        {"table": table},
    ).scalar_one()
    after, found = re.subn(
        rf"CONSTRAINT {name} CHECK \(\w+ IN \([^)]*\)\)", f"CONSTRAINT {name} CHECK ({check})", before
    )
    if found != 1:
        raise RuntimeError(f"{table}: no constraint {name} to widen")
    version = bind.execute(text("PRAGMA schema_version")).scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    bind.execute(
        text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": after, "table": table},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")


def downgrade() -> None:
    raise NotImplementedError("a ledger does not forget: restore the backup instead")
