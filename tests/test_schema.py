"""The tables that migrations make are those that the models describe."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

from app.accounts.models import Organization
from app.db import db
from tests import make


def test_the_migrated_schema_equals_the_models(db_context):
    context = MigrationContext.configure(db_context.connection(), opts={"compare_type": True})
    assert compare_metadata(context, db.metadata) == []


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_begins_without_rows(db_context, turn):
    make.organization(f"Acme {turn}", balance=10_00)
    assert db_context.scalar(select(func.count()).select_from(Organization)) == 1
