"""Reads of alerts: lists of an organization, one with its time line, counts."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Organization
from app.alerts.models import Alert, AlertNotice, AlertStep
from app.alerts.rules import AlertState, StepKind, StepState
from app.outbox.models import Mail
from app.outbox.rules import MailState


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


def standing(
    session: Session,
    organization_id: int,
    *,
    type_name: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[AlertRow]:
    """Alerts whose condition stands, open or expired, newest first; `before` is an id seen last."""
    which = Alert.ended_at.is_(None)
    return _page(session, which, organization_id, type_name, before=before, limit=limit)


def past(
    session: Session,
    organization_id: int,
    *,
    type_name: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[AlertRow]:
    """Alerts that are resolved, newest first; `before` is an id seen last."""
    which = Alert.ended_at.is_not(None)
    return _page(session, which, organization_id, type_name, before=before, limit=limit)


def worst(
    session: Session, organization_id: int, severities: dict[str, int], limit: int
) -> list[AlertRow]:
    """What stands, worst first, as the overview shows it.

    `severities` are those of `app.alerts.types.severities()`; then the nearest deadline counts.
    """
    rank = case(severities, value=Alert.type, else_=len(severities))
    rows = session.execute(
        select(*_COLUMNS)
        .where(Alert.organization_id == organization_id, Alert.ended_at.is_(None))
        .order_by(rank, Alert.deadline_on.is_(None), Alert.deadline_on, Alert.subject, Alert.id)
        .limit(limit)
    )
    return _rows(rows.all())


def _page(
    session: Session,
    which: ColumnElement[bool],
    organization_id: int,
    type_name: str | None,
    *,
    before: int | None,
    limit: int,
) -> list[AlertRow]:
    wanted = [Alert.organization_id == organization_id, which]
    if type_name is not None:
        wanted.append(Alert.type == type_name)
    if before is not None:
        wanted.append(Alert.id < before)
    rows = session.execute(select(*_COLUMNS).where(*wanted).order_by(Alert.id.desc()).limit(limit))
    return _rows(rows.all())


def _rows(rows: Collection[Row[*tuple[Any, ...]]]) -> list[AlertRow]:
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

    `problem` is the relay's last answer where it did not.
    """

    recipient: str
    mail_id: int
    mail_state: MailState
    queued_at: datetime
    accepted_at: datetime | None
    problem: str | None


@dataclass(frozen=True)
class StepRow:
    """One step of the time line with its notices; `step` is `opening`, `-7`, `+3`, `expiry`, …"""

    step: str
    kind: StepKind
    state: StepState
    due_on: date
    at: datetime
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
            Mail.problem,
        )
        .join(AlertStep, AlertStep.id == AlertNotice.step_id)
        .join(Mail, Mail.id == AlertNotice.mail_id)
        .where(AlertStep.alert_id == alert_id)
        .order_by(AlertNotice.recipient)
    )
    for row in rows:
        told[row.step_id].append(Notice(*row[1:]))
    steps = session.execute(
        select(
            AlertStep.id,
            AlertStep.step,
            AlertStep.kind,
            AlertStep.state,
            AlertStep.due_on,
            AlertStep.at,
        )
        .where(AlertStep.alert_id == alert_id)
        .order_by(AlertStep.at, AlertStep.id)
    )
    return [StepRow(*row[1:], notices=tuple(told[row.id])) for row in steps]


def counts_by_type(session: Session, organization_id: int) -> dict[str, int]:
    """How many alerts of each type stand, for the filter of the list."""
    rows = session.execute(
        select(Alert.type, func.count())
        .where(Alert.organization_id == organization_id, Alert.ended_at.is_(None))
        .group_by(Alert.type)
    )
    return dict(rows.all())


def open_count(session: Session, organization_id: int) -> int:
    """How many alerts are open: a column that the sweep keeps, for the navigation."""
    return (
        session.scalar(select(Organization.open_alerts).where(Organization.id == organization_id))
        or 0
    )
