"""Searching in many mailboxes by any three letters of their addresses (docs/adr/0012).

SQLite gets an index of trigrams of what stands before the @, kept in step by triggers; PostgreSQL
one of pg_trgm. Where the engine was built without, searching reads all addresses of the domain.
"""

from alembic import op
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LOCAL = "substr({0}.address, 1, instr({0}.address, '@') - 1)"
PUT = f"INSERT INTO mailbox_search (rowid, local_part) VALUES (new.id, {LOCAL.format('new')});"
# A contentless index must be told what it forgets.
DROP = (
    "INSERT INTO mailbox_search (mailbox_search, rowid, local_part) "
    f"VALUES ('delete', old.id, {LOCAL.format('old')});"
)
TRIGGERS = {
    "mailboxes_search_insert": f"AFTER INSERT ON mailboxes BEGIN {PUT} END",
    # Nothing but an address touches the index: changes in bulk never do.
    "mailboxes_search_update": (f"AFTER UPDATE OF id, address ON mailboxes BEGIN {DROP} {PUT} END"),
    "mailboxes_search_delete": f"AFTER DELETE ON mailboxes BEGIN {DROP} END",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _index_by_fts5()
    else:
        _index_by_pg_trgm()


def _index_by_fts5() -> None:
    create = (
        "CREATE VIRTUAL TABLE mailbox_search USING fts5(local_part, content='', tokenize='trigram')"
    )
    if not _works(create):
        return
    fill = f"INSERT INTO mailbox_search (rowid, local_part) SELECT id, {LOCAL.format('mailboxes')} "
    op.execute(fill + "FROM mailboxes")
    for name, trigger in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {trigger}")


def _index_by_pg_trgm() -> None:
    # The extension is trusted: the owner of the database may create it, if it is installed.
    if _works("CREATE EXTENSION IF NOT EXISTS pg_trgm"):
        op.execute("CREATE INDEX ix_mailboxes_search ON mailboxes USING gin (address gin_trgm_ops)")


def _works(statement: str) -> bool:
    try:
        with op.get_bind().begin_nested():
            op.execute(text(statement))
    except DBAPIError:
        return False
    return True


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in TRIGGERS:
            op.execute(f"DROP TRIGGER IF EXISTS {name}")
        op.execute("DROP TABLE IF EXISTS mailbox_search")
    else:
        op.execute("DROP INDEX IF EXISTS ix_mailboxes_search")
