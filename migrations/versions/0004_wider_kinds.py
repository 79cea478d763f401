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
    (
        "subscriptions",
        "verdict",
        "ck_subscriptions_verdict",
        (
            "will_renew", "short", "domain_ends", "domain_gone", "no_price", "expired", "too_dear",
        ),
    ),
)  # fmt: skip

# What is issued cannot be changed, by whoever (golden row I5). SQLite's REPLACE removes the rows in
# its way without asking the triggers on DELETE, so nothing may take what an issued row has.
ISSUED = "EXISTS (SELECT 1 FROM invoices WHERE id = {row}.invoice_id AND state = 'issued')"
TAKES_A_DOCUMENT = """EXISTS (SELECT 1 FROM invoices AS other WHERE other.state = 'issued'
    {but} AND (other.id = NEW.id OR other.number = NEW.number OR other.public_id = NEW.public_id
         OR other.day_key = NEW.day_key OR other.proforma_id = NEW.proforma_id))"""
TAKES_A_LINE = """EXISTS (SELECT 1 FROM invoice_lines AS other
    JOIN invoices ON invoices.id = other.invoice_id AND invoices.state = 'issued'
    WHERE {but} (other.id = NEW.id OR other.renewal_id = NEW.renewal_id
                 OR other.credits_line_id = NEW.credits_line_id))"""
NO_SUM = """NEW.state = 'issued' AND (SELECT count(*) = 0 OR sum(net) <> NEW.net OR sum(vat) <> NEW.vat
    OR sum(total) <> NEW.total OR count(net) <> count(*) FROM invoice_lines WHERE invoice_id = NEW.id)"""
DOCUMENTS = (
    ("invoices", "INSERT", "NEW.state = 'issued'", "a document begins as a draft"),
    ("invoices", "INSERT", TAKES_A_DOCUMENT.format(but=""), "an issued document is final"),
    ("invoices", "UPDATE", "OLD.state = 'issued'", "an issued document is final"),
    ("invoices", "UPDATE", TAKES_A_DOCUMENT.format(but="AND other.id <> OLD.id"),
     "an issued document is final"),
    ("invoices", "UPDATE", NO_SUM, "a document is the sum of its lines"),
    ("invoices", "DELETE", "OLD.state = 'issued'", "an issued document is final"),
    ("invoice_lines", "INSERT", ISSUED.format(row="NEW"), "an issued document is final"),
    ("invoice_lines", "INSERT", TAKES_A_LINE.format(but=""), "an issued document is final"),
    ("invoice_lines", "UPDATE", f"{ISSUED.format(row='OLD')} OR {ISSUED.format(row='NEW')}",
     "an issued document is final"),
    ("invoice_lines", "UPDATE", TAKES_A_LINE.format(but="other.id <> OLD.id AND"),
     "an issued document is final"),
    ("invoice_lines", "DELETE", ISSUED.format(row="OLD"), "an issued document is final"),
    ("invoice_series", "INSERT", "NEW.next_number <> 1", "a series begins at 1"),
    ("invoice_series", "UPDATE", """NEW.id <> OLD.id OR NEW.code <> OLD.code OR NEW.year <> OLD.year
     OR NEW.next_number <> OLD.next_number + 1 OR NEW.last_date < OLD.last_date""",
     "a series goes on by one"),
    ("invoice_series", "DELETE", "1 = 1", "a series is never forgotten"),
)  # fmt: skip
# Only SQLite knows REPLACE, and only there would this refuse ON CONFLICT DO NOTHING.
SERIES_REPLACED = """EXISTS (SELECT 1 FROM invoice_series
    WHERE id = NEW.id OR (code = NEW.code AND year = NEW.year))"""

# Standard rates in hundredths of a percent. European Commission, Taxes in Europe Database (TEDB), as
# in force in November 2026; French departments overseas: CGI art. 296; Monaco has those of France.
# Days before 2021-07-01, when one-stop shop began, are not told apart.
RATES = """
    AT 2000 2021-07-01, BE 2100 2021-07-01, BG 2000 2021-07-01, CY 1900 2021-07-01,
    CZ 2100 2021-07-01, DE 1900 2021-07-01, DK 2500 2021-07-01, EE 2000 2021-07-01,
    EE 2200 2024-01-01, EE 2400 2025-07-01, ES 2100 2021-07-01, FI 2400 2021-07-01,
    FI 2550 2024-09-01, FR 2000 2014-01-01, GR 2400 2021-07-01, HR 2500 2021-07-01,
    HU 2700 2021-07-01, IE 2300 2021-07-01, IT 2200 2021-07-01, LT 2100 2021-07-01,
    LU 1700 2021-07-01, LU 1600 2023-01-01, LU 1700 2024-01-01, LV 2100 2021-07-01,
    MT 1800 2021-07-01, NL 2100 2021-07-01, PL 2300 2021-07-01, PT 2300 2021-07-01,
    RO 1900 2021-07-01, RO 2100 2025-08-01, SE 2500 2021-07-01, SI 2200 2021-07-01,
    SK 2000 2021-07-01, SK 2300 2025-01-01,
    MC 2000 2014-01-01, GP 850 2014-01-01, MQ 850 2014-01-01, RE 850 2014-01-01
"""


def upgrade() -> None:
    _widen()
    _freeze()
    for country, rate, day in (row.split() for row in RATES.split(",")):
        op.execute(
            "INSERT INTO vat_rates (country, rate, from_date) "
            f"VALUES ('{country}', {rate}, '{day}')"
        )


def _freeze() -> None:
    for number, (table, event, wrong, message) in enumerate(DOCUMENTS):
        _refuse(f"{table}_{number}", table, event, wrong, message)
    if op.get_bind().dialect.name != "postgresql":
        _refuse(
            "invoice_series_replace", "invoice_series", "INSERT", SERIES_REPLACED,
            "a series goes on by one",
        )
        return
    for table in ("invoices", "invoice_lines", "invoice_series"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_frozen()"
        )


def _refuse(name: str, table: str, event: str, wrong: str, message: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {wrong} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    row = "OLD" if event == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {wrong} THEN RAISE EXCEPTION '{message}'; END IF; RETURN {row}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def _widen() -> None:
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
