"""Alerts know whether they say what is so now; their steps keep what was told."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "alerts", sa.Column("latest", sa.String(length=200), server_default="", nullable=False)
    )
    op.add_column("alert_steps", sa.Column("facts", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("alert_steps") as batch_op:
        batch_op.drop_column("facts")
    with op.batch_alter_table("alerts") as batch_op:
        batch_op.drop_column("latest")
