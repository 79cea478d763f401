"""The ledger is append-only and balanced by the database itself (L1, L2); the installation's row.

Entries are written first, under the id of a transaction that does not exist yet; their foreign key
is checked at commit. The transaction row comes last: a trigger lets it in only if its entries are
at least two and sum to zero in each currency, and from then on no entry is accepted for it. So
nothing unbalanced can be committed, and what is committed can be neither changed nor removed.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FROZEN = ("ledger_tx", "ledger_entries")
UNBALANCED = """
    (SELECT count(*) FROM ledger_entries WHERE tx_id = NEW.id) < 2
    OR EXISTS (SELECT 1 FROM ledger_entries WHERE tx_id = NEW.id
               GROUP BY currency HAVING sum(amount) <> 0)
"""
SEALED = "EXISTS (SELECT 1 FROM ledger_tx WHERE id = NEW.tx_id)"
FOREIGN = """
    NOT EXISTS (SELECT 1 FROM ledger_accounts
                WHERE id = NEW.account_id AND currency = NEW.currency)
"""
# SQLite's REPLACE removes the row in its way without asking the triggers that refuse DELETE.
TAKEN = {
    "ledger_tx": "EXISTS (SELECT 1 FROM ledger_tx WHERE id = NEW.id OR idem_key = NEW.idem_key)",
    "ledger_entries": "EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.id)",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()
    op.execute(
        "INSERT INTO installation (id, currency, business_timezone) VALUES (1, 'EUR', 'Europe/Paris')"
    )


def _sqlite() -> None:
    for table in FROZEN:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        _sqlite_check(f"{table}_no_replace", table, TAKEN[table], f"{table} is append-only")
    _sqlite_check("ledger_tx_balanced", "ledger_tx", UNBALANCED, "entries do not sum to zero")
    _sqlite_check("ledger_entries_sealed", "ledger_entries", SEALED, "the transaction is sealed")
    _sqlite_check("ledger_entries_currency", "ledger_entries", FOREIGN, "wrong currency")


def _sqlite_check(name: str, table: str, wrong: str, message: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {wrong} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION ledger_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_frozen()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_frozen()"
        )
    _postgresql_check("ledger_tx_balanced", "ledger_tx", UNBALANCED, "entries do not sum to zero")
    _postgresql_check("ledger_entries_sealed", "ledger_entries", SEALED, "the transaction is sealed")
    _postgresql_check("ledger_entries_currency", "ledger_entries", FOREIGN, "wrong currency")


def _postgresql_check(name: str, table: str, wrong: str, message: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {wrong} THEN RAISE EXCEPTION '{message}'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def downgrade() -> None:
    raise NotImplementedError("a ledger does not forget: restore the backup instead")
