"""What tests of alerts share: ticks on a day, alerts and mails as they stand."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app.accounts.models import Organization
from app.alerts.models import Alert, AlertNotice, AlertStep
from app.db import db, reading, transaction
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.outbox.bounces import note
from app.outbox.delivery_reports import Report
from app.outbox.models import Mail
from app.outbox.ports import Accepted, Letter, Rejected, TryLater

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2027, 3, 1)


def day(number: int) -> date:
    """So many days after the first of the test."""
    return TODAY + timedelta(days=number)


def at(on: date, hour: int = 9) -> datetime:
    """An hour of a day in Paris."""
    return datetime.combine(on, time(hour), PARIS)


def tick_on(*days: date, hour: int = 9, jobs: tuple[str, ...] = ("alerts", "mails")) -> None:
    """A tick on each day, of these jobs; all of them would take ten times as long."""
    for one in days:
        for job in jobs:
            tick(at(one, hour), job)
        db.session.remove()


def tick_daily(first: int, last: int) -> None:
    """A tick on each of these days."""
    tick_on(*(day(number) for number in range(first, last + 1)))


def alerts(name: str | None = None) -> list[Alert]:
    """All alerts, or those of a type, oldest first; detached."""
    with reading() as session:
        wanted = select(Alert).order_by(Alert.id)
        if name:
            wanted = wanted.where(Alert.type == name)
        found = list(session.scalars(wanted))
        session.expunge_all()
    return found


def states(name: str | None = None) -> list[str]:
    """The state of each, oldest first."""
    return [alert.state.value for alert in alerts(name)]


def steps(name: str | None = None) -> dict[str, str]:
    """Step by step what became of it."""
    with reading() as session:
        wanted = select(AlertStep.step, AlertStep.state).order_by(AlertStep.id)
        if name:
            wanted = wanted.join(Alert).where(Alert.type == name)
        return {step: state.value for step, state in session.execute(wanted)}


def mails(to: str | None = None) -> list[Mail]:
    """Mails of alerts, oldest first; detached."""
    with reading() as session:
        wanted = select(Mail).where(Mail.kind.in_(("alert", "alerts"))).order_by(Mail.id)
        if to:
            wanted = wanted.where(Mail.recipient == to)
        found = list(session.scalars(wanted))
        session.expunge_all()
    return found


def told(to: str | None = None) -> list[list[str]]:
    """The steps that each mail tells, mail by mail."""
    with reading() as session:
        return [
            list(
                session.scalars(
                    select(AlertStep.step)
                    .join(AlertNotice, AlertNotice.step_id == AlertStep.id)
                    .where(AlertNotice.mail_id == mail.id)
                    .order_by(AlertNotice.id)
                )
            )
            for mail in mails(to)
        ]


def events(*names: str) -> list[str]:
    """Events of the journal of those names, oldest first."""
    with reading() as session:
        wanted = select(JournalRow.event).order_by(JournalRow.id)
        return list(session.scalars(wanted.where(JournalRow.event.in_(names))))


def number(model: type) -> int:
    with reading() as session:
        return session.scalars(select(func.count()).select_from(model)).one()


def come_back(*message_ids: str, on: date) -> None:
    """Reports that mails which were accepted could not be delivered after all."""
    for one in message_ids:
        report = Report("failed", "", "550 no such user", (one,))
        with transaction() as session:
            note(session, report, at(on, 10))


class Post:
    """A channel that keeps letters and answers as told."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.answer: Accepted | TryLater | Rejected = Accepted()

    def send(self, letter: Letter) -> Accepted | TryLater | Rejected:
        """Keep it if it is accepted."""
        if isinstance(self.answer, Accepted):
            self.letters.append(letter)
        return self.answer


def unique(ids: Iterable[str]) -> bool:
    found = list(ids)
    return len(found) == len(set(found))


def suspended() -> bool:
    """Whether the one organization of a test is suspended."""
    with reading() as session:
        return session.scalars(select(Organization.suspended_since)).one() is not None
