"""A year of a dozen customers through the real jobs: who is told what, and on which day."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Organization, Suspension
from app.alerts.models import Alert, AlertNotice, AlertStep
from app.alerts.rules import StepKind
from app.db import db, reading
from app.jobs.service import tick
from app.operator_tasks.models import OperatorTask
from app.outbox.channels.smtp import SmtpChannel
from app.outbox.models import Mail
from tests.alerts.world import at, day
from tests.journeys.customers import STARS, Row, expected, found_them
from tests.outbox.relay import Relay

DAYS = 365
UNREACHABLE = "okab.example"
# Whom the host must tell by other means, since no mail of ours was accepted.
UNTOLD = (
    select(Organization.name)
    .join(OperatorTask, OperatorTask.subject == "negative_balance:" + Organization.public_id)
    .where(OperatorTask.kind == "alert_not_told", OperatorTask.done_at.is_(None))
)


class Picky(Relay):
    """Takes every mail but those to one customer."""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.endswith(UNREACHABLE):
            return "550 5.1.1 no such user"
        return await super().handle_RCPT(server, session, envelope, address, options)


@dataclass
class Year:
    """What is seen while it passes: rows as in the table, and everything that is wrong.

    `suspended` and `tasks` are the days on which customers were suspended, and on which the host
    had to tell them by other means.
    """

    relay: Picky
    told: list[Row] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    suspended: dict[str, list[int]] = field(default_factory=dict)
    tasks: dict[str, list[int]] = field(default_factory=dict)
    message_ids: list[str] = field(default_factory=list)

    def passes(self) -> None:
        """Tick every morning; read the post and look at everything after each."""
        calendar = found_them()
        for number in range(DAYS):
            for act in calendar.get(number, ()):
                act(at(day(number), 8))
            tick(at(day(number)))
            # Taken away: for each connection the mail server looks at all that its handler has.
            arrived = self.relay.mails
            self.relay.envelopes.clear()
            self._read(number, arrived)
            self._look(number)
            db.session.remove()

    def _read(self, number: int, arrived: list[EmailMessage]) -> None:
        with reading() as session:
            for mail in arrived:
                self.message_ids.append(mail["Message-ID"])
                rows = session.execute(
                    select(Organization.name, Mail.kind, Alert.type, AlertStep.step, Mail.recipient)
                    .join(Mail, Mail.organization_id == Organization.id)
                    .outerjoin(AlertNotice, AlertNotice.mail_id == Mail.id)
                    .outerjoin(AlertStep, AlertStep.id == AlertNotice.step_id)
                    .outerjoin(Alert, Alert.id == AlertStep.alert_id)
                    .where(Mail.message_id == mail["Message-ID"])
                ).all()
                self.told += [
                    (number, name, kind or mail_kind, step or "", recipient)
                    for name, mail_kind, kind, step, recipient in rows
                ]
                self._reads_well(number, mail, rows[0])

    def _reads_well(self, number: int, mail: EmailMessage, row) -> None:
        """It goes to whom it was written for, and is about one customer only."""
        name, _kind, _type, _step, recipient = row
        if mail["To"] != recipient:
            self.wrong.append(f"day {number}: mail for {recipient} was sent to {mail['To']}")
        text = f"{mail['Subject']} {content(mail)}".lower()
        others = [star for star in STARS if star != name and star.lower() in text]
        if others or name.lower() not in text:
            self.wrong.append(f"day {number}: mail about {name} tells of {others}")

    def _look(self, number: int) -> None:
        with reading() as session:
            for found in (twice_open, told_twice, suspended_untold):
                self.wrong += [f"day {number}: {one}" for one in found(session)]
            for name in session.scalars(select(Organization.name).join(Suspension)):
                self.suspended.setdefault(name, []).append(number)
            for name in session.scalars(UNTOLD):
                self.tasks.setdefault(name, []).append(number)


def content(mail: EmailMessage) -> str:
    """All its parts as people read them."""
    return " ".join(part.get_content() for part in mail.walk() if not part.is_multipart())


def twice_open(session) -> Iterator[str]:
    """At most one alert stands for a type and subject."""
    rows = session.execute(
        select(Alert.type, Alert.subject_id)
        .where(Alert.ended_at.is_(None))
        .group_by(Alert.type, Alert.subject_id)
        .having(func.count() > 1)
    )
    yield from (f"{row.type} of {row.subject_id} stands twice" for row in rows)


def told_twice(session) -> Iterator[str]:
    """One Message-ID for each alert, step and recipient, and no mail that tells nothing."""
    rows = session.execute(
        select(AlertStep.alert_id, AlertStep.step, AlertNotice.recipient)
        .join(AlertNotice)
        .group_by(AlertStep.alert_id, AlertStep.step, AlertNotice.recipient)
        .having(func.count(AlertNotice.mail_id.distinct()) > 1)
    )
    yield from (f"alert {row.alert_id} {row.step}: two mails to {row.recipient}" for row in rows)


def suspended_untold(session) -> Iterator[str]:
    """Whoever is suspended was told a week before at the latest, and reminded (A8)."""
    sent = select(Alert.id, AlertStep.kind, func.min(Mail.sent_at).label("at"))
    sent = sent.join(AlertStep, AlertStep.alert_id == Alert.id).join(AlertNotice).join(Mail)
    sent = sent.where(Mail.sent_at.is_not(None)).group_by(Alert.id, AlertStep.kind)
    accepted = {(row.id, row.kind): row.at for row in session.execute(sent)}
    rows = session.execute(
        select(Alert.id, Suspension.since, Organization.name)
        .join(Organization, Organization.id == Alert.organization_id)
        .join(Suspension, Suspension.organization_id == Organization.id)
        .where(Alert.type == Suspension.reason, Alert.ended_at.is_(None))
    )
    for row in rows:
        first = accepted.get((row.id, StepKind.OPENING))
        reminded = accepted.get((row.id, StepKind.REMINDER))
        if not first or not reminded or row.since - first < timedelta(days=7):
            yield f"{row.name} was suspended without having been told"


@pytest.fixture
def year(app: Flask, db_context, monkeypatch) -> Iterator[Year]:
    relay = Picky()
    with relay.serving() as address:
        monkeypatch.setitem(app.extensions, "vigie.channel", SmtpChannel(f"smtp://{address}"))
        yield Year(relay)


def test_a_year_of_a_dozen_customers_is_told_as_the_table_says(year):
    year.passes()
    assert year.wrong == []
    told = Counter(year.told)
    assert [row for row, count in told.items() if count > 1] == [], "told twice"
    assert sorted(set(told) - expected()) == [], "told, but not in the table"
    assert sorted(expected() - set(told)) == [], "in the table, but not told"
    assert len(set(year.message_ids)) == len(year.message_ids)
    assert year.suspended == {
        "Aldebaran": [*range(50, 70), *range(220, DAYS)],
        "Canopus": list(range(21, 60)),
    }
    assert year.tasks == {"Okab": list(range(21, 60))}
