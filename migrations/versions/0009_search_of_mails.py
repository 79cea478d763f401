"""Mails are looked for by state and by recipient, the newest first."""

from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_mails_of_state", "mails", ["state", "id"])
    op.create_index(
        "ix_mails_of_recipient",
        "mails",
        ["recipient", "id"],
        postgresql_ops={"recipient": "text_pattern_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_mails_of_recipient", table_name="mails")
    op.drop_index("ix_mails_of_state", table_name="mails")
