"""`flask tick`: at which instant, what it refuses, and what it tells (product.md §3, §5)."""

import json
from datetime import date, timedelta

import pytest
from click.testing import Result
from sqlalchemy import select

from app.accounts.models import Organization
from app.db import db
from app.jobs.service import last_tick
from tests import make
from tests.interchange.files import bent, exported, imported

pytestmark = pytest.mark.usefixtures("clock")


def command(app, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["tick", *arguments])


def told(app, day: date) -> list[dict]:
    """What a tick on that day tells, line by line."""
    result = command(app, "--at", day.isoformat(), "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def ticked_at(app) -> str | None:
    with app.app_context():
        last = last_tick()
    return last.isoformat(timespec="minutes") if last else None


@pytest.fixture
def real(app, settings, monkeypatch):
    """The same installation, but no sandbox."""
    serious = settings.model_copy(update={"sandbox": False})
    monkeypatch.setattr(app.extensions["vigie"], "settings", serious)


# At which instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027-03-26", "2027-03-26T11:00+00:00"),
        ("20270326", "2027-03-26T11:00+00:00"),
        ("2027-07-26", "2027-07-26T10:00+00:00"),
        ("2027-03-26T09:00", "2027-03-26T08:00+00:00"),
        ("2027-03-26 09:00:00", "2027-03-26T08:00+00:00"),
        ("2027-03-26T09:00:00+01:00", "2027-03-26T08:00+00:00"),
        ("2027-03-26T09:00:00Z", "2027-03-26T09:00+00:00"),
        ("2027-03-26T23:30:00-05:00", "2027-03-27T04:30+00:00"),
    ],
)
def test_an_instant_is_a_day_a_local_time_or_a_time_with_its_offset(app, text, instant):
    assert command(app, "--at", text).exit_code == 0
    assert ticked_at(app) == instant


def test_without_an_instant_it_ticks_now(app):
    assert command(app).exit_code == 0
    assert ticked_at(app) == "2027-03-01T08:00+00:00"


@pytest.mark.parametrize(
    "text", ["yesterday", "2027-02-30", "2027-03-26T25:00", "26/03/2027", "0001-01-01T00:00", "１"]
)
def test_nonsense_is_refused_with_an_example(app, text):
    result = command(app, "--at", text)
    assert result.exit_code == 2
    assert f"{text} is not an instant; write for example" in result.output
    assert ticked_at(app) is None


# What it refuses


def test_only_a_sandbox_ticks_in_the_future(app, real):
    result = command(app, "--at", "2027-03-02")
    assert result.exit_code == 1
    assert "Only a sandbox can tick in the future" in result.output
    assert ticked_at(app) is None
    assert command(app, "--at", "2027-03-01T09:00").exit_code == 0


def test_going_back_is_refused_with_a_sentence(app):
    assert command(app, "--at", "2027-03-26").exit_code == 0
    result = command(app, "--at", "2027-03-25")
    assert result.exit_code == 1
    assert result.output.startswith(
        "Error: Refused: the last tick was at 2027-03-26T12:00:00+01:00"
    )
    assert ticked_at(app) == "2027-03-26T11:00+00:00"


def test_an_unknown_job_is_refused_and_the_known_ones_are_named(app):
    result = command(app, "--job", "renewal")
    assert result.exit_code == 1
    assert (
        "There is no job renewal. The jobs are: card_readings, gateway_events, card_setups,"
        in result.output
    )
    assert ticked_at(app) is None


# What it tells


@pytest.fixture
def one_mailbox(app, tmp_path):
    """Loads a file with one mailbox that renews monthly; its domain is paid for long enough."""

    def load(anchor: date, expires_on: date, balance: int) -> None:
        imported(
            app,
            tmp_path,
            bent(
                ("organizations[0].balance", balance),
                ("organizations[0].cards", []),
                ("moves", []),
                ("domains[0].expires_on", "2029-01-01"),
                ("domains[0].auto_renewal", None),
                ("mailboxes[0].anchor", anchor.isoformat()),
                ("mailboxes[0].expires_on", expires_on.isoformat()),
                ("mailboxes[0].auto_renewal.on", True),
            ),
        )

    return load


def test_only_the_job_that_was_asked_for_runs(app, one_mailbox):
    one_mailbox(date(2027, 1, 31), date(2027, 3, 31), 1000)
    assert command(app, "--at", "2027-03-26", "--job", "mails").output == ""
    assert "mailbox.renewed" in command(app, "--at", "2027-03-26", "--job", "renewals").output


def test_each_line_says_when_what_who_and_which(app, one_mailbox):
    one_mailbox(date(2027, 1, 31), date(2027, 3, 31), 1000)
    lines = told(app, date(2027, 3, 26))
    assert [line["event"] for line in lines] == [
        "renewal.attempted", "wallet.debited", "mailbox.renewed",
    ]  # fmt: skip
    for line in lines:
        assert line["at"] == "2027-03-26T12:00:00+01:00"
        assert line["organization"] == "acme"
        assert line["subject"] == "info@example.org"
    assert lines[0]["outcome"] == "renewed"


def test_without_json_the_same_is_told_in_words(app, one_mailbox):
    one_mailbox(date(2027, 1, 31), date(2027, 3, 31), 0)
    line, *_alert = command(app, "--at", "2027-03-26").output.splitlines()
    assert line.startswith("2027-03-26T12:00:00+01:00  renewal.attempted  info@example.org (acme)")


# Day by day, as the first issue asks: tick from J-6 to J+1, twice on J-5

NEXT = [
    (date(2027, 1, 29), date(2027, 3, 29), "2027-04-29"),
    (date(2027, 1, 30), date(2027, 3, 30), "2027-04-30"),
    (date(2027, 1, 31), date(2027, 3, 31), "2027-04-30"),
    (date(2026, 12, 31), date(2027, 4, 30), "2027-05-31"),
    (date(2027, 11, 30), date(2028, 2, 29), "2028-03-30"),
]
DAYS = (6, 5, 5, 4, 3, 2, 1, 0, -1)


def day_by_day(app, expires_on: date, arrives_on_j3: int = 0) -> dict[int, list[str]]:
    """For each day before expiry, the outcomes of what was tried; a second tick adds to its day."""
    outcomes: dict[int, list[str]] = {}
    for days in DAYS:
        for line in told(app, expires_on - timedelta(days=days)):
            if line["event"] == "renewal.attempted":
                outcomes.setdefault(days, []).append(line["outcome"])
        if days == 3 and arrives_on_j3:
            with app.app_context():
                acme = db.session.scalars(select(Organization.id)).one()
                make.money(make.Made(acme, "acme"), arrives_on_j3)
    return outcomes


def ends_with(app) -> tuple[str, int]:
    """When the mailbox expires now, and what the wallet has left."""
    now = exported(app)
    return now["mailboxes"][0]["expires_on"], now["organizations"][0]["balance"]


@pytest.mark.parametrize(("anchor", "expires_on", "next_end"), NEXT)
def test_with_money_it_is_tried_once_debited_once_and_ends_on_the_anchors_day(
    app, one_mailbox, anchor, expires_on, next_end
):
    one_mailbox(anchor, expires_on, 1000)
    assert day_by_day(app, expires_on) == {5: ["renewed"]}
    assert ends_with(app) == (next_end, 900)


@pytest.mark.parametrize(("anchor", "expires_on", "_next_end"), NEXT)
def test_without_money_it_is_tried_once_a_day_and_nothing_is_debited(
    app, one_mailbox, anchor, expires_on, _next_end
):
    one_mailbox(anchor, expires_on, 99)
    assert day_by_day(app, expires_on) == {days: ["unfunded"] for days in (5, 4, 3, 2, 1)}
    assert ends_with(app) == (expires_on.isoformat(), 99)


@pytest.mark.parametrize(("anchor", "expires_on", "next_end"), NEXT[:3])
def test_money_that_comes_in_between_ends_the_trying(
    app, one_mailbox, anchor, expires_on, next_end
):
    one_mailbox(anchor, expires_on, 99)
    assert day_by_day(app, expires_on, arrives_on_j3=1) == {
        5: ["unfunded"], 4: ["unfunded"], 3: ["unfunded"], 2: ["renewed"],
    }  # fmt: skip
    assert ends_with(app) == (next_end, 0)


# Day by day


def test_daily_runs_on_each_day_until_then(app):
    with app.app_context():
        make.usual_prices()
        make.mailbox(
            make.domain(acme := make.organization(balance=500)), acme, on=True,
            expires_on=make.TODAY + timedelta(days=3),
        )  # fmt: skip
    result = command(app, "--at", "2027-07-10", "--daily", "--json")
    assert result.exit_code == 0, result.output
    days = [line["at"][:10] for line in map(json.loads, result.stdout.splitlines())
            if line["event"] == "mailbox.renewed"]  # fmt: skip
    assert days == ["2027-03-01", "2027-03-30", "2027-04-29", "2027-05-30", "2027-06-29"]
    assert ticked_at(app) == "2027-07-10T10:00+00:00"
