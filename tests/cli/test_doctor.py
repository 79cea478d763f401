"""`flask doctor`: one line a check, exit status 1 when something is wrong."""

from datetime import timedelta

import pytest
from click.testing import Result
from sqlalchemy import text

from app.billing.models import Card
from app.db import db, transaction
from app.jobs.models import JobRun
from app.jobs.service import tick
from app.operator_tasks.service import open_task
from tests import make
from tests.conftest import START
from tests.outbox.relay import Relay, nobody

SELLER = {
    "seller_name": "Host", "seller_address": "1 rue X", "seller_postcode": "75001",
    "seller_city": "Paris", "seller_siret": "73282932000074", "seller_vat_id": "FR44732829320",
    "seller_email": "bills@host.example",
}  # fmt: skip


@pytest.fixture
def doctor(app, clock, settings, monkeypatch):
    """Runs the command with some settings changed; by default as an installation for customers."""

    def run(**changes: object) -> Result:
        serious = {"sandbox": False, "public_url": "https://portal.example"} | SELLER | changes
        monkeypatch.setattr(
            app.extensions["vigie"], "settings", settings.model_copy(update=serious)
        )
        return app.test_cli_runner().invoke(args=["doctor"])

    return run


@pytest.fixture
def healthy(app, doctor):
    """An installation that ticked just now, and a relay that answers."""
    with app.app_context():
        make.organization(balance=1000)
        tick(START)
    with Relay().serving() as address:
        yield lambda **changes: doctor(mail_url=f"smtp://{address}", **changes)


def lines(result: Result, mark: str) -> list[str]:
    return [line[2:] for line in result.output.splitlines() if line.startswith(mark)]


def test_all_is_well(healthy):
    result = healthy()
    assert result.exit_code == 0
    assert [line.partition(":")[0] for line in lines(result, "✓")] == [
        "Settings", "Database", "Schema", "Balances", "Gateway", "Mail", "Scheduler",
    ]  # fmt: skip
    assert lines(result, "✗") == lines(result, "!") == []


def test_a_slip_of_the_pen_in_a_setting_is_a_warning(healthy, monkeypatch):
    monkeypatch.setenv("VIGIE_SANBOX", "1")
    result = healthy()
    assert result.exit_code == 0
    assert lines(result, "!") == ["Settings: VIGIE_SANBOX is not a setting of Vigie."]


def test_what_customers_should_not_get_is_a_warning(healthy):
    assert "not https" in lines(healthy(public_url="http://portal.example"), "!")[0]
    assert "sandbox" in lines(healthy(sandbox=True), "!")[0]


def test_a_sandbox_that_never_ticked_is_no_fault(doctor):
    result = doctor(sandbox=True)
    assert result.exit_code == 0
    assert "Scheduler: has never run." in lines(result, "!")


def test_an_installation_that_never_ticked_is_one(doctor):
    result = doctor()
    assert result.exit_code == 1
    assert lines(result, "✗") == ["Scheduler: has never run."]


def test_a_schema_that_is_behind_stops_the_rest_and_says_what_to_do(app, healthy):
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    result = healthy()
    assert result.exit_code == 1
    (line,) = lines(result, "✗")
    assert line.startswith("Schema: version 0001, expected 0")
    assert line.endswith("Run: flask db upgrade")
    assert "Balances" not in result.output


def test_a_database_that_is_empty_says_what_to_do(app, doctor):
    with app.app_context(), transaction() as session:
        session.execute(text("DROP TABLE alembic_version"))
    result = doctor()
    assert result.exit_code == 1
    assert "Schema: version none, expected" in result.output


def test_a_balance_that_is_not_its_entries_is_wrong(app, healthy):
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE wallets SET posted = 1"))
    result = healthy()
    assert result.exit_code == 1
    (line,) = lines(result, "✗")
    assert "says 1, its entries say 1000;" in line


def test_a_relay_that_does_not_answer_is_wrong(healthy, app, doctor):
    result = doctor(mail_url=f"smtp://me:secret@{nobody()}")
    assert result.exit_code == 1
    assert lines(result, "✗")[0].startswith("Mail: 127.0.0.1 does not answer (")
    assert "secret" not in result.output


def test_mails_that_become_files_are_a_warning_to_those_with_customers(app, healthy, doctor):
    result = doctor(mail_url="file:")
    assert result.exit_code == 0
    assert lines(result, "!")[0].startswith("Mail: written to ")
    assert lines(doctor(mail_url="file:", sandbox=True), "✓")[-2].startswith("Mail: written to ")


def test_a_scheduler_that_stands_still_is_wrong(healthy, clock):
    clock.advance(timedelta(minutes=5))
    assert healthy().exit_code == 0
    clock.advance(timedelta(minutes=1))
    result = healthy()
    assert result.exit_code == 1
    (line,) = lines(result, "✗")
    assert line.startswith("Scheduler: last ran at ")


def test_a_scheduler_that_ticks_seldom_is_given_its_time(healthy, clock):
    clock.advance(timedelta(minutes=60))
    assert healthy(tick_seconds=3600).exit_code == 0


def test_a_job_that_failed_lately_is_told(app, healthy, clock):
    with app.app_context(), transaction() as session:
        session.add(JobRun(job="mails", started_at=START, ended_at=START, error="OSError: boom"))
        session.add(JobRun(job="lapses", started_at=START, ended_at=START, error="OSError: old"))
        session.flush()
        session.add(JobRun(job="lapses", started_at=START, ended_at=START, count=1))
    (line,) = lines(healthy(), "!")
    assert line.startswith("Jobs: mails failed at ")
    assert "OSError: boom" in line
    clock.advance(timedelta(days=2))
    assert lines(healthy(), "!") == []


def test_open_tasks_are_listed(app, healthy):
    with app.app_context(), transaction() as session:
        open_task(session, "no_price", "info@example.org", now=START, months=12)
    result = healthy()
    assert result.exit_code == 0
    (line,) = lines(result, "!")
    assert line.startswith("To do since ")
    assert line.endswith("info@example.org: There is no price for a renewal. "
                         "Add it to the price list. months: 12")  # fmt: skip


def test_a_database_that_does_not_answer_is_told_and_ends_the_report(doctor, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def broken(*_arguments: object) -> None:
        raise OperationalError("SELECT 1", {}, OSError("connection refused"))

    monkeypatch.setattr(db.session, "execute", broken)
    result = doctor()
    assert result.exit_code == 1
    assert lines(result, "✗") == ["Database: does not answer (connection refused)."]


def test_a_seller_without_name_or_with_a_slip_in_a_number_is_a_warning(healthy):
    result = healthy(seller_name="", seller_siret="73282932000075", seller_vat_id="FR00732829320")
    assert result.exit_code == 0
    assert lines(result, "!") == [
        "Invoices: none is issued without VIGIE_SELLER_NAME.",
        "Invoices: the check digits of VIGIE_SELLER_SIRET are wrong.",
        "Invoices: the check digits of VIGIE_SELLER_VAT_ID are wrong.",
    ]


def test_a_sandbox_without_a_seller_has_one_made_up(healthy):
    made_up = dict.fromkeys(SELLER, "")
    assert not any("Invoices" in line for line in lines(healthy(sandbox=True, **made_up), "!"))


def test_cards_of_a_gateway_that_is_not_there_are_told(app, healthy):
    with app.app_context():
        card = make.card(make.organization())
        with transaction() as session:
            session.get_one(Card, card.id).gateway = "elsewhere"
    result = healthy()
    assert result.exit_code == 0
    [told] = lines(result, "!")
    assert told.startswith("Gateway: 1 card of elsewhere is not charged")
