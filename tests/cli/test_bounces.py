"""`flask bounces`: what a mail server pipes in, and the status that it gets (A8)."""

import pytest
from sqlalchemy.exc import OperationalError

from app.cli import bounces
from app.outbox.rules import MailState
from tests.outbox import reports
from tests.outbox.reports import OURS
from tests.outbox.world import carry, mail, write


@pytest.fixture
def command(app, clock):
    def run(content: bytes | str = b"", *files: object):
        words = ["bounces", *(str(file) for file in files)]
        return app.test_cli_runner().invoke(args=words, input=content)

    return run


@pytest.fixture
def report(app):
    """A mail that was sent, and the report that it came back."""
    with app.app_context():
        write()
        carry()
        return reports.POSTFIX.replace(OURS, mail().message_id)


def state(app) -> MailState:
    with app.app_context():
        return mail().state


def test_a_report_from_a_pipe_is_noted_and_a_second_one_harmless(app, command, report):
    answer = command(report)
    assert answer.exit_code == 0
    assert "The mail to marie@people.example came back (550 5.1.1" in answer.output
    assert state(app) is MailState.BOUNCED
    again = command(report)
    assert again.exit_code == 0
    assert "known not to have arrived. Nothing was changed." in again.output


def test_reports_are_read_from_files_one_each(app, command, report, tmp_path):
    (tmp_path / "one.eml").write_text(report)
    (tmp_path / "other.eml").write_text(reports.AUTO_REPLY)
    answer = command("", tmp_path / "other.eml", tmp_path / "one.eml")
    first, second = answer.output.splitlines()
    assert (answer.exit_code, first) == (
        0, "This is no report about a delivery. Nothing was changed.",
    )  # fmt: skip
    assert "came back" in second


def test_a_dash_is_the_pipe(app, command, report):
    assert command(report, "-").exit_code == 0
    assert state(app) is MailState.BOUNCED


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "This is no report"),
        (bytes(range(256)) * 9000, "This is no report"),
        (reports.AUTO_REPLY.encode(), "This is no report"),
        (reports.POSTFIX.encode(), "a mail that is not ours"),
    ],
)
def test_what_is_not_ours_is_told_and_never_bounces_again(app, command, report, content, told):
    answer = command(content)
    assert answer.exit_code == 0
    assert told in answer.output
    assert state(app) is MailState.SENT


def test_a_delay_changes_nothing(app, command, report):
    answer = command(report.replace("Action: failed", "Action: delayed"))
    assert answer.exit_code == 0
    assert "did not fail (delayed)" in answer.output
    assert state(app) is MailState.SENT


def test_a_database_that_does_not_answer_makes_the_mail_server_try_again(
    app, command, report, monkeypatch
):
    def away(*_given: object) -> None:
        raise OperationalError("SELECT", {}, Exception("no route to host"))

    monkeypatch.setattr(bounces, "note", away)
    answer = command(report)
    assert answer.exit_code == 75
    assert "no route to host" in answer.stderr
    monkeypatch.undo()
    assert command(report).exit_code == 0


def test_the_rest_of_a_huge_report_is_taken_from_the_pipe(app, command, report):
    whole = report.replace("Hello", "Hello\n" * 1_000_000)
    assert command(whole).exit_code == 0
    assert state(app) is MailState.BOUNCED
