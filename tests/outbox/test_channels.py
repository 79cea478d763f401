"""Channels: what leaves, and what each answer of a server means for the mail (A12, threat 11)."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest

from app.outbox.channels import message, smtp
from app.outbox.channels.file import FileChannel
from app.outbox.channels.smtp import SmtpChannel
from app.outbox.ports import Accepted, Letter, Rejected, TryLater
from tests.outbox.relay import Relay, nobody, self_signed, silent_server

LETTER = {
    "message_id": "<1@vigie.example>",
    "sender": "Hébergeur <vigie@vigie.example>",
    "recipient": "marie@people.example",
    "subject": "Votre boîte expire",
    "body": "Bonjour,\n\n.\nÀ bientôt\n",
    "written_at": datetime(2027, 3, 1, 8, tzinfo=UTC),
}


def letter(**changes: object) -> Letter:
    return Letter(**(LETTER | changes))


@pytest.fixture
def relay():
    return Relay()


def sent_to(address: str, **changes: object) -> Accepted | TryLater | Rejected:
    return SmtpChannel(f"smtp://{address}").send(letter(**changes))


# The mail itself


def test_a_mail_says_who_what_and_that_a_machine_wrote_it():
    mail = message_from_bytes(bytes(message(letter())), policy=policy.default)
    assert mail["Message-ID"] == "<1@vigie.example>"
    assert mail["From"] == "Hébergeur <vigie@vigie.example>"
    assert mail["To"] == "marie@people.example"
    assert mail["Subject"] == "Votre boîte expire"
    assert mail["Date"].datetime == LETTER["written_at"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == LETTER["body"].splitlines()


@pytest.mark.parametrize(
    "subject",
    [
        "Rappel\u00a0: il manque 12,50\u00a0€ pour renouveler info@atelier-duval.example (Atelier)",
        "Solde négatif\u202f: il manque 1\u202f234,50\u00a0€, et 2 alertes (Société des Bains)",
        "Il manque 6,50\u00a0€, et 1 alerte (L’Élan\u00a0& l’Œil, une société à nom long)",
    ],
)
def test_no_break_spaces_of_a_subject_arrive_as_they_left(subject):
    """Folded and encoded as RFC 2047 says, and no space more."""
    raw = bytes(message(letter(subject=subject)))
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == subject
    assert str(make_header(decode_header(message_from_bytes(raw)["Subject"]))) == subject


def test_the_same_letter_is_the_same_bytes():
    assert bytes(message(letter())) == bytes(message(letter()))


def test_an_international_domain_goes_out_in_ascii():
    assert message(letter(recipient="marie@bücher.example"))["To"] == "marie@xn--bcher-kva.example"


INJECTIONS = [
    {"recipient": "a@b.example\r\nBcc: x@evil.example"},
    {"recipient": "a@b.example\n"},
    {"recipient": "a@b.example, x@evil.example"},
    {"recipient": "A <a@b.example>"},
    {"recipient": "a@"},
    {"recipient": "a@[1.2.3"},
    {"recipient": "a@b.example\x00"},
    {"recipient": ""},
    {"subject": "Hello\r\nBcc: x@evil.example"},
    {"subject": "Hello\nBcc: x@evil.example"},
    {"subject": "Hello\u2028Bcc: x@evil.example"},
    {"sender": "Host\r\nBcc: x@evil.example <a@b.example>"},
    {"message_id": "<1@b>\r\nBcc: x@evil.example"},
]


@pytest.mark.parametrize("changes", INJECTIONS, ids=repr)
def test_what_is_no_single_header_is_rejected_by_every_channel(tmp_path, changes):
    assert isinstance(FileChannel(tmp_path).send(letter(**changes)), Rejected)
    assert isinstance(sent_to(nobody(), **changes), Rejected)
    assert list(tmp_path.iterdir()) == []


# Files


def test_a_mail_becomes_a_file_that_mail_programs_open(tmp_path):
    assert FileChannel(tmp_path / "mail").send(letter()) == Accepted()
    (file,) = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert file.read_bytes() == bytes(message(letter()))


def test_the_same_mail_is_the_same_file_and_another_is_another(tmp_path):
    channel = FileChannel(tmp_path)
    for message_id in ("<1@b>", "<1@b>", "<2@b>"):
        channel.send(letter(message_id=message_id))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_disk_that_refuses_is_asked_again_later(tmp_path):
    (tmp_path / "mail").write_text("a file where the folder should be")
    answer = FileChannel(tmp_path / "mail").send(letter())
    assert isinstance(answer, TryLater)
    assert str(tmp_path) in answer.reason


# SMTP


def test_a_mail_arrives_as_it_was_written(relay):
    with relay.serving() as address:
        assert sent_to(address) == Accepted()
    (envelope,) = relay.envelopes
    assert envelope.mail_from == "vigie@vigie.example"
    assert envelope.rcpt_tos == ["marie@people.example"]
    (mail,) = relay.mails
    assert mail["Subject"] == "Votre boîte expire"
    assert mail.get_content().splitlines() == LETTER["body"].splitlines()


def test_what_cannot_be_delivered_comes_back_to_its_own_address(relay):
    with relay.serving() as address:
        SmtpChannel(f"smtp://{address}", "bounces@vigie.example").send(letter())
    assert relay.envelopes[0].mail_from == "bounces@vigie.example"
    assert relay.mails[0]["From"] == "Hébergeur <vigie@vigie.example>"


@pytest.mark.parametrize("place", ["to_recipient", "to_data"])
@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("451 4.7.1 Greylisted", TryLater("451 4.7.1 Greylisted")),
        ("550 5.1.1 Unknown", Rejected("550 5.1.1 Unknown")),
    ],
)
def test_4xx_may_pass_and_5xx_will_not(relay, place, words, answer):
    setattr(relay, place, words)
    with relay.serving() as address:
        assert sent_to(address) == answer


def test_a_connection_that_breaks_after_the_data_is_tried_again(relay):
    relay.to_data = None
    with relay.serving() as address:
        assert isinstance(sent_to(address), TryLater)


def test_a_server_that_is_not_there_is_tried_again():
    answer = sent_to(nobody())
    assert isinstance(answer, TryLater)
    assert "refused" in answer.reason


def test_a_server_that_hangs_is_left(monkeypatch):
    monkeypatch.setattr(smtp, "TIMEOUT", 0.2)
    with silent_server() as address:
        answer = sent_to(address)
    assert isinstance(answer, TryLater)
    assert "timed out" in answer.reason.lower()


def test_an_address_beyond_ascii_is_rejected_by_a_server_that_cannot_carry_it(relay):
    with relay.serving() as address:
        answer = sent_to(address, recipient="jérôme@people.example")
    assert isinstance(answer, Rejected)
    assert relay.envelopes == []


def test_an_address_beyond_ascii_arrives_where_it_can(relay):
    relay.utf8 = True
    with relay.serving() as address:
        assert sent_to(address, recipient="jérôme@people.example") == Accepted()
    assert relay.envelopes[0].rcpt_tos == ["jérôme@people.example"]


def test_the_password_is_given_and_a_wrong_one_says_nothing_about_the_mail(relay):
    relay.password = "p@ss:word/"
    with relay.serving() as address:
        right = SmtpChannel(f"smtp://me%40host:p%40ss%3Aword%2F@{address}")
        assert right.send(letter()) == Accepted()
        answer = SmtpChannel(f"smtp://me%40host:wrong@{address}").send(letter())
    assert isinstance(answer, TryLater)
    assert "535" in answer.reason
    assert len(relay.mails) == 1


def test_a_password_does_not_cross_the_network_in_clear(relay, monkeypatch):
    monkeypatch.setattr(smtp, "LOOPBACK", ())
    relay.password = "secret"
    with relay.serving() as address:
        answer = SmtpChannel(f"smtp://me%40host:secret@{address}").send(letter())
    assert isinstance(answer, TryLater)
    assert "STARTTLS" in answer.reason


def test_starttls_is_used_where_it_is_offered(relay, tmp_path):
    with relay.serving(self_signed(tmp_path)) as address:
        assert sent_to(address) == Accepted()
    assert relay.encrypted == [True]


def test_a_relay_elsewhere_must_prove_who_it_is(relay, tmp_path, monkeypatch):
    monkeypatch.setattr(smtp, "LOOPBACK", ())
    with relay.serving(self_signed(tmp_path)) as address:
        answer = sent_to(address)
    assert isinstance(answer, TryLater)
    assert "certificate" in answer.reason.lower()
    assert relay.envelopes == []
