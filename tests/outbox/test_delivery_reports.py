"""Reading delivery reports: the usual servers, what is none, and what somebody made up (A12)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.outbox.delivery_reports import LIMIT, Report, read
from tests.outbox import reports

MARIE = "marie@people.example"
UNKNOWN = (
    "550 5.1.1 <marie@people.example>: Recipient address rejected: User unknown in virtual "
    "mailbox table"
)
OURS = (reports.OURS,)

READ = [
    ("postfix", reports.POSTFIX, Report("failed", MARIE, UNKNOWN, OURS)),
    ("delayed", reports.POSTFIX_DELAYED,
     Report("delayed", MARIE, UNKNOWN.replace("5.1.1", "4.4.1"), OURS)),
    ("relayed", reports.POSTFIX.replace("failed", "relayed"),
     Report("relayed", MARIE, UNKNOWN, OURS)),
    ("exim", reports.EXIM,
     Report("failed", MARIE, "5.0.0 552 Mailbox is full", (*OURS, "<some-other@vigie.example>"))),
    ("exchange", reports.EXCHANGE, Report("failed", "Marie@corp.example", "5.1.10", OURS)),
    ("utf-8", reports.GLOBAL,
     Report("failed", "jérôme@people.example",
            "5.6.7 SMTPUTF8 is required, but was not offered", OURS)),
    ("one of two", reports.TWO_RECIPIENTS, Report("failed", MARIE, UNKNOWN, OURS)),
    ("without the mail", reports.POSTFIX.partition("Content-Description: Und")[0],
     Report("failed", MARIE, UNKNOWN, ())),
    ("Windows", reports.POSTFIX.replace("\n", "\r\n"), Report("failed", MARIE, UNKNOWN, OURS)),
    ("cut short", reports.POSTFIX.partition("\nSubject: Negative")[0],
     Report("failed", MARIE, UNKNOWN, OURS)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "report"), [pytest.param(*row, id=name) for name, *row in READ])
def test_a_report_says_who_why_and_which_mail(text, report):
    assert read(text.encode()) == report


NO_REPORTS = [
    ("empty", b""),
    ("an answer", reports.AUTO_REPLY.encode()),
    ("a receipt", reports.READ_RECEIPT.encode()),
    ("a report that somebody forwards", reports.FORWARDED.encode()),
    ("bytes", bytes(range(256)) * 50),
    ("zeros", b"\0" * 1000),
    ("no parts", b"Content-Type: multipart/report; boundary=B\n\nnothing"),
    ("no boundary", b"Content-Type: multipart/report\n\nAction: failed\n"),
    ("an empty status", reports.POSTFIX.partition("Reporting-MTA")[0].encode()),
    ("no action", reports.POSTFIX.replace("Action: failed\n", "").encode()),
    ("mails in mails", b"Content-Type: message/rfc822\n\n" * 9000),
    ("parts in parts", b"".join(b"Content-Type: multipart/report; boundary=%d\n\n--%d\n" % (n, n)
                                for n in range(5000))),
]  # fmt: skip


@pytest.mark.parametrize("content", [pytest.param(row[1], id=row[0]) for row in NO_REPORTS])
def test_what_is_no_report_is_none(content):
    assert read(content) is None


def test_a_mail_that_comes_back_whole_is_read_as_far_as_it_matters():
    huge = reports.POSTFIX.replace("Hello", "Hello\n" * 10_000_000).encode()
    assert len(huge) > 100 * LIMIT
    assert read(huge) == read(reports.POSTFIX.encode())


def test_what_a_server_says_is_one_printable_line():
    nasty = "smtp; 550 \x1b[2J\x07no\u202e such <b>user</b>" + "x" * 5000
    text = reports.POSTFIX.replace("smtp; 550 5.1.1", nasty)
    report = read(text.encode())
    assert report is not None
    assert report.reason.isprintable()
    assert len(report.reason) <= 500
    assert report.message_ids == OURS


def test_an_id_that_no_database_would_take_is_none():
    text = reports.POSTFIX.replace("<0123", "<\0\x0701")
    report = read(text.encode())
    assert report is not None
    assert report.message_ids == ()


def test_of_references_without_end_some_are_looked_at():
    many = " ".join(f"<{number}@b>" for number in range(10_000))
    report = read(reports.EXIM.replace("<some-other@vigie.example>", many).encode())
    assert report is not None
    assert report.message_ids[0] == reports.OURS
    assert len(report.message_ids) == 20


@settings(max_examples=200)
@given(st.data())
def test_no_garbage_breaks_it(data):
    """Real reports with pieces cut out, doubled or replaced; and the table of whatever comes."""
    content = bytearray(data.draw(st.sampled_from([row[1] for row in READ])).encode())
    for _turn in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 200)))
        content[start:end] = data.draw(
            st.one_of(st.binary(max_size=40), st.sampled_from([b"\n\n", b"=?", b";*0*=", b"\xff"]))
        )
    report = read(bytes(content))
    if report:
        assert all(text.isprintable() for text in (report.action, report.recipient, report.reason))
        assert all(one.isascii() and one.isprintable() for one in report.message_ids)
