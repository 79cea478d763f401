"""Operators with their second factor, and their visits to pages of customers."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('host_visits',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_host_visits_organization_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_host_visits_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_host_visits'))
    )
    with op.batch_alter_table('host_visits', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_host_visits_organization_id'), ['organization_id'], unique=False)
        batch_op.create_index('uq_host_visits_open', ['token_hash'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('operators',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('factor', sa.String(length=64), nullable=False),
    sa.Column('factor_used', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_operators_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_operators'))
    )
    with op.batch_alter_table('sign_ins', schema=None) as batch_op:
        batch_op.add_column(sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('sign_ins', schema=None) as batch_op:
        batch_op.drop_column('confirmed_at')

    op.drop_table('operators')
    with op.batch_alter_table('host_visits', schema=None) as batch_op:
        batch_op.drop_index('uq_host_visits_open', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_host_visits_organization_id'))

    op.drop_table('host_visits')
