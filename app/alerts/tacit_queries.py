"""Reads of notices of tacit renewals: what a service's pages say of its own (R17)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.orm import Session

from app.alerts.queries import Notice
from app.alerts.rules import tacit_notice_window
from app.domains.models import Domain
from app.journal.models import JournalRow
from app.mailboxes.models import Mailbox
from app.outbox.models import Mail
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import PaidPeriod, RenewalState, Trigger, to_give_back
from app.subscriptions.models import Subscription
from app.subscriptions.notice_models import TacitNotice, TacitNoticeMail
from app.subscriptions.rules import Kind

# Journal event of a customer who leaves: who asked, when, and what they get back.
ASKED = "exit.asked"
# The law gives us so long to pay back what was not served (L215-1).
REFUND_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Announced:
    """The notice of a renewal that has not begun: sent with its proof, or missing.

    The renewal begins on `begins_on` and could be refused until `refuse_by`; `told_by` was the
    last day for the notice. `price` is in minor units, None where the notice is missing.
    """

    begins_on: date
    refuse_by: date
    told_by: date
    price: int | None
    sent_at: datetime
    proof: Sequence[Notice] = ()

    @property
    def is_missing(self) -> bool:
        """Whether it was not sent in time."""
        return self.price is None


@dataclass(frozen=True)
class Asked:
    """Somebody left: on which day, what they get back in minor units, and by when."""

    on: date
    refund: int
    refund_by: date


@dataclass(frozen=True)
class Exit:
    """The right to leave a period that began without its notice, until `ends_on`.

    `refund` is what leaving today gives back, in minor units; `asked` what was asked already.
    """

    begins_on: date
    ends_on: date
    told_by: date
    refund: int
    asked: Asked | None = None


@dataclass(frozen=True)
class Standing:
    """What the law's notices mean for one service today; either part may be None."""

    subscription_id: int
    organization_id: int
    kind: Kind
    name: str
    announced: Announced | None
    exit: Exit | None


def standing(
    session: Session, organization_ids: Collection[int], name: str, today: date
) -> Standing | None:
    """That of a domain or mailbox of one of these organizations; None for one that has none.

    One statement where no notice was ever due.
    """
    rows = session.execute(_notices_of(organization_ids, name)).all()
    if not rows:
        return None
    one = rows[0]
    return Standing(
        one.id, one.organization_id, one.kind, one.subject,
        _announced(session, rows, today), _exit(session, rows, today),
    )  # fmt: skip


def _notices_of(organization_ids: Collection[int], name: str) -> Any:
    """The latest notices, each with the renewal that followed it by itself, if it did."""
    renewed = and_(
        Renewal.subscription_id == Subscription.id,
        Renewal.cur_expires_on == TacitNotice.expires_on,
        Renewal.state == RenewalState.DONE,
    )
    by_itself = and_(
        Attempt.id == Renewal.attempt_id, ~Attempt.trigger.startswith(Trigger.MANUAL.value)
    )
    return (
        select(
            Subscription.id, Subscription.organization_id, Subscription.kind, Subscription.subject,
            Subscription.auto_renewal, Subscription.expires_on.label("paid_until"),
            TacitNotice.id.label("notice_id"), TacitNotice.expires_on.label("begins_on"),
            TacitNotice.refuse_by, TacitNotice.price, TacitNotice.notice_missing, TacitNotice.at,
            Attempt.id.label("attempt_id"),
        )
        .join(TacitNotice, TacitNotice.subscription_id == Subscription.id)
        .outerjoin(Renewal, renewed)
        .outerjoin(Attempt, by_itself)
        .where(Subscription.organization_id.in_(organization_ids), _is_called(name))
        .order_by(TacitNotice.expires_on.desc())
        .limit(3)
    )  # fmt: skip


def _is_called(name: str) -> ColumnElement[bool]:
    if "@" in name:
        mailbox = select(Mailbox.subscription_id).where(Mailbox.address == name)
        return Subscription.id.in_(mailbox)
    domain = select(Domain.id).where(Domain.name == name)
    return and_(Subscription.domain_id.in_(domain), Subscription.kind == Kind.DOMAIN)


_Rows = Sequence[Row[Any]]


def _announced(session: Session, rows: _Rows, today: date) -> Announced | None:
    """Of the renewal to come, while it is to come by itself."""
    for row in rows:
        is_owed = row.notice_missing or row.price is not None
        if row.begins_on > today and is_owed and (row.auto_renewal or row.attempt_id):
            told_by = tacit_notice_window(row.refuse_by)[1]
            proof = [] if row.notice_missing else _proof(session, row.notice_id)
            return Announced(row.begins_on, row.refuse_by, told_by, row.price, row.at, proof)
    return None


def _proof(session: Session, notice_id: int) -> list[Notice]:
    rows = session.execute(
        select(
            TacitNoticeMail.recipient, Mail.id, Mail.state, Mail.queued_at, Mail.sent_at,
            Mail.bounced_at, Mail.problem,
        )
        .join(Mail, Mail.id == TacitNoticeMail.mail_id)
        .where(TacitNoticeMail.notice_id == notice_id)
        .order_by(TacitNoticeMail.recipient)
    )  # fmt: skip
    return [Notice(*row) for row in rows]


def _exit(session: Session, rows: _Rows, today: date) -> Exit | None:
    """Of the period that runs, if it began by itself and without its notice."""
    running = next((row for row in rows if row.begins_on <= today), None)
    if running is None or not running.notice_missing or running.attempt_id is None:
        return None
    if running.paid_until <= today:
        return None
    paid = _paid_since(session, running.id, running.begins_on)
    return Exit(
        running.begins_on,
        running.paid_until,
        tacit_notice_window(running.refuse_by)[1],
        to_give_back(paid, today),
        _asked(session, running),
    )


def _paid_since(session: Session, subscription_id: int, begins_on: date) -> list[PaidPeriod]:
    """That period, and what was paid for the time after it."""
    rows = session.execute(
        select(Renewal.cur_expires_on, Renewal.new_expires_on, Renewal.price).where(
            Renewal.subscription_id == subscription_id,
            Renewal.cur_expires_on >= begins_on,
            Renewal.state == RenewalState.DONE,
        )
    )
    return [PaidPeriod(start, end, price) for start, end, price in rows if end]


def _asked(session: Session, running: Row[Any]) -> Asked | None:
    rows = session.scalars(
        select(JournalRow.detail).where(
            JournalRow.subject == running.subject,
            JournalRow.event == ASKED,
            JournalRow.organization_id == running.organization_id,
        )
    )
    for detail in rows:
        if detail["begins_on"] == running.begins_on.isoformat():
            on = date.fromisoformat(detail["on"])
            return Asked(on, detail["amount"], on + REFUND_WITHIN)
    return None
