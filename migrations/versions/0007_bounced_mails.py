"""Mails may come back after they were accepted (A12)."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLE, NAME = "mails", "ck_mails_mail_state"
CHECK = "state IN ('queued', 'sending', 'sent', 'failed', 'bounced')"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(NAME), TABLE, type_="check")
        op.create_check_constraint(op.f(NAME), TABLE, CHECK)
    else:
        _rewrite_check()


def _rewrite_check() -> None:
    """In the stored text of the table, as 0004 does: a copy would drop what refers to it."""
    bind = op.get_bind()
    before = bind.execute(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"),
        {"table": TABLE},
    ).scalar_one()
    after, found = re.subn(
        rf"CONSTRAINT {NAME} CHECK \(\w+ IN \([^)]*\)\)", f"CONSTRAINT {NAME} CHECK ({CHECK})", before
    )
    if found != 1:
        raise RuntimeError(f"{TABLE}: no constraint {NAME} to widen")
    version = bind.execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": after, "table": TABLE},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")


def downgrade() -> None:
    raise NotImplementedError("mails that came back cannot be told to an older version")
