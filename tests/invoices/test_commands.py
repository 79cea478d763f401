"""`flask vat-rates`: what the host sees and sets."""

import pytest
from sqlalchemy import select

from app.journal.models import JournalRow


@pytest.fixture
def run(app, clock, monkeypatch):
    monkeypatch.setenv("LANG", "C")
    return lambda *args: app.test_cli_runner().invoke(args=["vat-rates", *args])


def test_rates_of_the_european_union_are_there(run):
    lines = run().output.splitlines()
    assert "FR  2014-01-01  20%" in lines
    assert "FI  2024-09-01  25.5%" in lines
    assert len({line[:2] for line in lines}) == 31


def test_a_rate_is_set_from_a_day_on_and_set_right_again(app, run):
    assert "FR  2030-01-01  21%" in run("--set", "FR", "2030-01-01", "21").output
    output = run("--set", "FR", "2030-01-01", "20.6").output
    assert "FR  2030-01-01  20.6%" in output
    assert "21%" not in [line.split()[-1] for line in output.splitlines() if "FR  2030" in line]
    with app.app_context():
        from app.db import db

        told = db.session.scalars(
            select(JournalRow.detail).where(JournalRow.event == "vat_rate.set")
        ).all()
    assert [(one["before"], one["rate"]) for one in told] == [(None, 2100), (2100, 2060)]


@pytest.mark.parametrize(
    "given",
    [
        ("fr", "2030-01-01", "20"), ("FRA", "2030-01-01", "20"), ("FR", "soon", "20"),
        ("FR", "2030-01-01", "-1"), ("FR", "2030-01-01", "100.01"), ("FR", "2030-01-01", "20,5"),
        ("FR", "2030-01-01", "nan"), ("FR", "2030-02-30", "20"),
    ],
)  # fmt: skip
def test_what_is_no_rate_is_refused(run, given):
    result = run("--set", *given)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
