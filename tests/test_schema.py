"""The tables that migrations make are those that the models describe."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Enum, func, inspect, select

from app.accounts.models import Organization
from app.db import db
from app.db.search import is_described
from tests import make


def test_the_migrated_schema_equals_the_models(db_context):
    options = {"compare_type": True, "include_name": is_described}
    context = MigrationContext.configure(db_context.connection(), opts=options)
    assert compare_metadata(context, db.metadata) == []


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_begins_without_rows(db_context, turn):
    make.organization(f"Acme {turn}", balance=10_00)
    assert db_context.scalar(select(func.count()).select_from(Organization)) == 1


def test_every_kind_that_a_column_may_hold_passes_its_check(db_context):
    inspector = inspect(db.engine)
    for table in db.metadata.sorted_tables:
        checks = " ".join(
            str(one["sqltext"]) for one in inspector.get_check_constraints(table.name)
        )
        for column in table.columns:
            if isinstance(column.type, Enum):
                missing = [value for value in column.type.enums if f"'{value}'" not in checks]
                assert not missing, f"{table.name}.{column.name} refuses {missing}"
