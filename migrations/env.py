"""Runs migrations on the application's own engine, each in a transaction on both databases."""

from alembic import context
from flask import current_app

from app.db import UtcDateTime, db
from app.db.search import is_described


def _render(kind: str, item: object, autogen: object) -> str | bool:
    """A migration must not change with the application's own column types."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


# Our SQLite engine issues BEGIN itself, so its DDL rolls back as PostgreSQL's does (CP20).
OPTIONS = {
    "render_item": _render,
    "include_name": is_described,
    "target_metadata": db.metadata,
    "render_as_batch": True,
    "compare_type": True,
    "transactional_ddl": True,
    "transaction_per_migration": True,
}


def run() -> None:
    """Upgrade or compare the database of the current application."""
    if context.is_offline_mode():
        url = current_app.config["SQLALCHEMY_DATABASE_URI"]
        context.configure(url=url, literal_binds=True, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()
        return
    with db.engine.connect() as connection:
        context.configure(connection=connection, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()


run()
