"""Writes the mails of one run: one a person and organization, the law's on their own (A12, A13)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.alerts.context import Context
from app.alerts.mails import Entry, legal_remark, letter, unreachable_remark
from app.alerts.models import Alert, AlertNotice, AlertStep
from app.alerts.ports import AlertType
from app.alerts.posting import Occasion, post
from app.alerts.preferences import unsubscribe_url
from app.alerts.recipients import Addresses, Recipient, addresses_of
from app.alerts.rules import Step, StepKind, StepState, only_on
from app.alerts.telling import link_of, tell
from app.alerts.types import severities
from app.journal.service import record
from app.operator_tasks.service import open_task
from app.web.i18n import speaking

ALONE = (StepKind.LEGAL, StepKind.EXPIRY)
# What says again what the opening has said.
AGAIN = (StepKind.REMINDER, StepKind.LEGAL)


@dataclass(frozen=True)
class Telling:
    """A step of an alert that is to be told now."""

    alert: Alert
    kind: AlertType
    step: Step

    @property
    def is_alone(self) -> bool:
        """Whether it has a mail of its own: the law's and suspensions (A13)."""
        return self.step.kind in ALONE


@dataclass(frozen=True)
class _Part:
    """One telling of one mail, and the row of its step."""

    telling: Telling
    row: AlertStep


def send(session: Session, tellings: Sequence[Telling], context: Context) -> None:
    """Write steps, notices and mails; what nobody wants to hear is a step passed over."""
    if not tellings:
        return
    addresses = addresses_of(session, {one.alert.organization_id for one in tellings})
    mails: defaultdict[tuple[int, Recipient, str], list[_Part]] = defaultdict(list)
    rows = []
    for one in sorted(tellings, key=_worst_first):
        people = _people(session, one, addresses, context.now)
        row = AlertStep(
            alert_id=one.alert.id, step=one.step.name, kind=one.step.kind,
            state=StepState.SENT if people else StepState.SKIPPED,
            due_on=one.step.on, at=context.now, facts=one.alert.facts,
        )  # fmt: skip
        rows.append(row)
        if people and one.step.kind in AGAIN:
            _reminded(session, one, context)
        for person in people:
            own = f"{one.alert.public_id}:{one.step.name}" if one.is_alone else ""
            mails[one.alert.organization_id, person, own].append(_Part(one, row))
    session.add_all(rows)
    session.flush()
    for (organization_id, person, _own), parts in mails.items():
        mail = _Mail(person, organization_id, addresses.names[organization_id], parts)
        _write(session, mail, context)


def _worst_first(one: Telling) -> tuple[int, bool, object, str]:
    alert = one.alert
    return (
        severities()[one.kind.name],
        alert.deadline_on is None,
        alert.deadline_on or alert.opened_on,
        alert.subject,
    )


def _people(session: Session, one: Telling, addresses: Addresses, now: datetime) -> list[Recipient]:
    everybody = addresses.told(one.kind, one.alert.organization_id)
    domain = one.kind.domain(one.alert.subject)
    if domain is not None:
        one.alert.unreachable = only_on(domain, [person.email for person in everybody])
    if not everybody:
        open_task(session, "alert_without_address", f"{one.kind.name}:{one.alert.subject}", now=now)
    if one.step.optional:
        return addresses.wanting(one.kind, one.alert.organization_id)
    return everybody


def _reminded(session: Session, one: Telling, context: Context) -> None:
    record(
        session, "alert.reminded", organization_id=one.alert.organization_id,
        subject=one.alert.subject, by=context.by, now=context.now, type=one.kind.name,
        alert=one.alert.public_id, step=one.step.name,
    )  # fmt: skip


@dataclass(frozen=True)
class _Mail:
    """Who gets which tellings of an organization together."""

    person: Recipient
    organization_id: int
    organization: str
    parts: list[_Part]


def _write(session: Session, mail: _Mail, context: Context) -> None:
    person, parts = mail.person, mail.parts
    optional = all(part.telling.step.optional for part in parts)
    names = {part.telling.kind.name for part in parts}
    stop = unsubscribe_url(person.email, names) if optional else None
    with speaking(person.language):
        written = letter(
            person.name, mail.organization, [_entry(part.telling, context) for part in parts],
            unsubscribe_url=stop,
        )  # fmt: skip
    first = parts[0].telling
    # Each alert, step and recipient is in one mail only, so the first of them names it for ever.
    occasion = Occasion(
        f"alert:{first.alert.public_id}:{first.step.name}",
        "alert" if first.is_alone else "alerts",
        mail.organization_id, context.by, context.now,
    )  # fmt: skip
    mail_id = post(session, occasion, person, written, unsubscribe_url=stop)
    session.add_all(
        AlertNotice(step_id=part.row.id, recipient=person.email, mail_id=mail_id) for part in parts
    )


def _entry(one: Telling, context: Context) -> Entry:
    remarks = []
    if one.step.kind is StepKind.LEGAL:
        remarks.append(legal_remark())
    if one.alert.unreachable:
        remarks.append(unreachable_remark(one.kind.domain(one.alert.subject) or ""))
    return Entry(
        tell(one.alert, context.today), link_of(one.alert), " ".join(remarks) or None,
        reminder=one.step.kind in AGAIN,
    )  # fmt: skip
