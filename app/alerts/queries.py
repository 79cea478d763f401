"""Reads of alerts: lists of an organization, one with its time line, counts."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertNotice, AlertStep
from app.alerts.recipients import addresses_of
from app.alerts.rules import AlertState, StepKind, StepState, only_on
from app.alerts.types import severities, types
from app.journal.models import JournalRow
from app.outbox.models import Mail
from app.outbox.rules import MailState
from app.web.listing import Listing, Order, Page, Wish, read_number


@dataclass(frozen=True)
class AlertRow:
    """An alert as lists show it; `app.alerts.telling.tell(row, today)` puts it in words.

    `state` is `open`; `expired` while what follows from it still holds (a suspension, a lost name);
    or `resolved`. `facts` are what the type last saw: money in minor units, dates as ISO text.
    `held_because` tells why an expiry that is due waits (A8), `unreachable` that all addresses live
    on the expiring domain (A25). Fields of what did not happen are None.
    """

    id: int
    public_id: str
    type: str
    subject: str
    organization_id: int
    facts: dict[str, Any]
    state: AlertState
    opened_on: date
    opened_at: datetime
    deadline_on: date | None
    next_look_on: date | None
    held_because: str | None
    unreachable: bool
    expired_at: datetime | None
    ended_at: datetime | None
    resolution: str | None
    reopenings: int


_COLUMNS = (
    Alert.id,
    Alert.public_id,
    Alert.type,
    Alert.subject,
    Alert.organization_id,
    Alert.facts,
    Alert.state,
    Alert.opened_on,
    Alert.opened_at,
    Alert.deadline_on,
    Alert.next_look_on,
    Alert.held_because,
    Alert.unreachable,
    Alert.expired_at,
    Alert.ended_at,
    Alert.resolution,
    Alert.reopenings,
)


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts a list shows: those that stand, or those that are over; of a type, or all."""

    is_past: bool = False
    type: str = ""


@cache
def listing(*, is_past: bool) -> Listing:
    """What stands comes worst first, what is over latest first."""
    if is_past:
        return Listing({"opened": Order(Alert.id, read_number)}, "-opened")
    return Listing({"worst": Order(_rank(), read_number, Alert.id)}, "worst")


def _rank() -> ColumnElement[int]:
    return case(severities(), value=Alert.type, else_=len(severities()))


def page(session: Session, organization_id: int, chosen: AlertFilter, wish: Wish) -> Page:
    """Alerts of an organization in one statement; `rows_of` reads the page's rows."""
    over = Alert.state == AlertState.RESOLVED
    stands = Alert.ended_at.is_(None)
    wanted = [Alert.organization_id == organization_id, over if chosen.is_past else stands]
    if chosen.type:
        wanted.append(Alert.type == chosen.type)
    return listing(is_past=chosen.is_past).page(session, select(*_COLUMNS).where(*wanted), wish)


def rows_of(page: Page) -> list[AlertRow]:
    """The alerts of a page, without the keys that sorted it."""
    return [AlertRow(*row[: len(_COLUMNS)]) for row in page.rows]


def worst(session: Session, organization_id: int, limit: int) -> list[AlertRow]:
    """What stands, worst first, then by its deadline, as the overview shows it."""
    rows = session.execute(
        select(*_COLUMNS)
        .where(Alert.organization_id == organization_id, Alert.ended_at.is_(None))
        .order_by(_rank(), Alert.deadline_on.is_(None), Alert.deadline_on, Alert.subject, Alert.id)
        .limit(limit)
    )
    return [AlertRow(*row) for row in rows]


def alert(session: Session, organization_ids: Collection[int], public_id: str) -> AlertRow | None:
    """The alert of that id if it is one of these organizations'."""
    row = session.execute(
        select(*_COLUMNS).where(
            Alert.public_id == public_id, Alert.organization_id.in_(organization_ids)
        )
    ).one_or_none()
    return AlertRow(*row) if row else None


@dataclass(frozen=True)
class Notice:
    """One step told to one address. `accepted_at` is when the next server took the mail (A8).

    `bounced_at` is when it came back nevertheless. `problem` is what a server said then, or when it
    did not take it.
    """

    recipient: str
    mail_id: int
    mail_state: MailState
    queued_at: datetime
    accepted_at: datetime | None
    bounced_at: datetime | None
    problem: str | None


@dataclass(frozen=True)
class StepRow:
    """One step of the time line with its notices; `step` is `opening`, `-7`, `+3`, `expiry`, …"""

    step: str
    kind: StepKind
    state: StepState
    due_on: date
    at: datetime
    facts: dict[str, Any] | None
    notices: tuple[Notice, ...]


def time_line(session: Session, alert_id: int) -> list[StepRow]:
    """What an alert has done so far, oldest first, in two statements."""
    told: defaultdict[int, list[Notice]] = defaultdict(list)
    rows = session.execute(
        select(
            AlertNotice.step_id,
            AlertNotice.recipient,
            Mail.id,
            Mail.state,
            Mail.queued_at,
            Mail.sent_at,
            Mail.bounced_at,
            Mail.problem,
        )
        .join(AlertStep, AlertStep.id == AlertNotice.step_id)
        .join(Mail, Mail.id == AlertNotice.mail_id)
        .where(AlertStep.alert_id == alert_id)
        .order_by(AlertNotice.recipient)
    )
    for row in rows:
        told[row.step_id].append(Notice(*row[1:]))
    steps = session.scalars(
        select(AlertStep).where(AlertStep.alert_id == alert_id).order_by(AlertStep.at, AlertStep.id)
    )
    return [
        StepRow(
            one.step, one.kind, one.state, one.due_on, one.at, one.facts, tuple(told[one.id])
        )
        for one in steps
    ]  # fmt: skip


@dataclass(frozen=True)
class Return:
    """An alert that was resolved came back (A10): when it had ended, why, and when it was again."""

    ended_at: datetime
    resolution: str | None
    at: datetime


def returns(session: Session, alert: AlertRow) -> list[Return]:
    """How often an alert came back, oldest first, as the journal tells; one statement, or none."""
    if not alert.reopenings:
        return []
    rows = session.execute(
        select(JournalRow.event, JournalRow.at, JournalRow.detail)
        .where(
            JournalRow.subject == alert.subject,
            JournalRow.event.in_(("alert.opened", "alert.resolved")),
        )
        .order_by(JournalRow.id)
    )
    mine = [row for row in rows if row.detail.get("alert") == alert.public_id]
    return [
        Return(before.at, before.detail.get("reason"), again.at)
        for before, again in pairwise(mine)
        if again.detail.get("reopened")
    ]


def counts_by_type(session: Session, organization_id: int) -> dict[str, int]:
    """How many alerts of each type stand, for the filter of the list."""
    rows = session.execute(
        select(Alert.type, func.count())
        .where(Alert.organization_id == organization_id, Alert.ended_at.is_(None))
        .group_by(Alert.type)
    )
    return dict(rows.all())


def counts_for_staff(session: Session) -> dict[str, int]:
    """How many alerts of each type stand, of all customers."""
    standing = select(Alert.type, func.count()).where(Alert.ended_at.is_(None))
    return dict(session.execute(standing.group_by(Alert.type)).all())


def is_out_of_reach(session: Session, organization_ids: Collection[int], domain: str) -> bool:
    """Whether a domain is about to fail and all whom we tell of it have addresses on it (A25).

    Asked anew, so that a page says so no longer once another address is there.
    """
    rows = session.execute(
        select(Alert.type, Alert.organization_id).where(
            Alert.organization_id.in_(organization_ids),
            Alert.subject == domain,
            Alert.ended_at.is_(None),
        )
    )
    return any(
        only_on(domain, [one.email for one in told])
        for row in rows.all()
        if (kind := types().get(row.type)) and kind.domain(domain)
        for told in [addresses_of(session, [row.organization_id]).told(kind, row.organization_id)]
    )
