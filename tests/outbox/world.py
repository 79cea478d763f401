"""What tests of the outbox share: a channel that answers or dies as told, mails, the job."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.db import db, insert_once, reading, require_no_transaction, transaction
from app.jobs.models import JobRun
from app.journal.service import HOST
from app.outbox.flows import drain
from app.outbox.models import Mail
from app.outbox.ports import Accepted, Letter, Rejected, TryLater
from app.outbox.rules import LEASE
from app.outbox.service import queue
from tests.fate import Killed

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE_IS_OVER = NOW + LEASE + MINUTE


class Post:
    """A channel that keeps what it is given and answers as told; `dies` before or after."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.answer: Accepted | TryLater | Rejected = Accepted()
        self.dies: str | None = None

    def send(self, letter: Letter) -> Accepted | TryLater | Rejected:
        require_no_transaction()
        if self.dies == "before":
            raise Killed
        self.letters.append(letter)
        if self.dies == "after":
            raise Killed
        return self.answer


def write(key: str = "welcome:1", **changes: object) -> bool:
    mail = {
        "kind": "test", "to": "marie@people.example", "subject": "Hello", "body": "Hello,\n",
        "by": HOST, "now": NOW,
    } | changes  # fmt: skip
    with transaction() as session:
        return queue(session, key=key, **mail)


def carry(now: datetime = NOW) -> int:
    """One run of the job; the number of mails that were accepted."""
    with transaction() as session:
        run_id = insert_once(session, JobRun, job="mails", slot=None, started_at=now, count=0)
    return drain(now, run_id or 0)


def mail(key: str = "welcome:1") -> Mail:
    with reading() as session:
        return session.scalars(select(Mail).where(Mail.key == key)).one()


def killed(work: Callable[[], object]) -> None:
    with pytest.raises(Killed):
        work()
    db.session.remove()
