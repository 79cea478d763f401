"""What becomes of a move here: announced, asked for, begun, ended. Each is harmless to repeat."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.accounts.suspensions import require_active
from app.db import insert_once
from app.journal.service import Actor, record
from app.moves.models import Move
from app.moves.ports import Broken, MoveOrder, Running
from app.moves.rules import (
    ASK_LASTS,
    SILENT_AFTER,
    MoveState,
    key_of,
    may_become,
    wait_after,
)
from app.operator_tasks.service import close_tasks, open_task

LONGEST_RESULT = 300


@dataclass(frozen=True)
class Announcement:
    """A move to announce: what it is, and what it will change, in the customer's language."""

    title: str
    due_on: date
    description: str = ""
    changes: str = ""


@dataclass(frozen=True)
class Claimed:
    """One try of a running move that this process alone asks the server about."""

    move_id: int
    order: MoveOrder


def announce(
    session: Session, account_id: int, announcement: Announcement, *, name: str, by: Actor,
    now: datetime,
) -> bool:  # fmt: skip
    """Announce a move for an account; whether that was new.

    `name` is the move's public id, made with the form, so that sending it twice announces one.
    """
    move_id = insert_once(
        session, Move, public_id=name, account_id=account_id, title=announcement.title,
        due_on=announcement.due_on, description=announcement.description,
        changes=announcement.changes,
    )  # fmt: skip
    if move_id is None:
        return False
    move = _locked(session, move_id)
    _note(session, move, "move.announced", by=by, now=now, due_on=move.due_on.isoformat())
    return True


def ask_for(session: Session, move_id: int, *, tries: int, by: Actor, now: datetime) -> bool:
    """Have a move applied now, or tried again; whether that was new.

    `tries` is what whoever asks has seen, so that a form sent twice asks once. Raises
    OrganizationSuspended.
    """
    move = _locked(session, move_id)
    if move.tries != tries or not may_become(move.state, MoveState.QUEUED):
        return False
    require_active(session, _owner(session, move))
    _queue(session, move, by=by, now=now)
    return True


def queue_due(session: Session, move_id: int, *, by: Actor, now: datetime) -> bool:
    """Have a move applied whose day has come (A-6); whether that was new.

    One that failed is not tried again by itself.
    """
    move = _locked(session, move_id)
    if move.state is not MoveState.SCHEDULED:
        return False
    _queue(session, move, by=by, now=now)
    return True


def cancel(session: Session, move_id: int, *, by: Actor, now: datetime) -> bool:
    """Call a move off, unless it is running or over; whether that was new."""
    move = _locked(session, move_id)
    if not may_become(move.state, MoveState.CANCELLED):
        return False
    move.state, move.ended_at = MoveState.CANCELLED, now
    _note(session, move, "move.cancelled", by=by, now=now)
    close_tasks(session, "move_failed", subject=move.public_id, now=now)
    return True


def start(session: Session, move_id: int, lane: int, *, now: datetime) -> bool:
    """Give a move that waits a lane to run in; whether it was still waiting.

    Raises IntegrityError when another process was faster with the lane, or with the account.
    """
    move = _locked(session, move_id)
    if move.state is not MoveState.QUEUED:
        return False
    move.state, move.lane = MoveState.RUNNING, lane
    move.started_at = move.ask_at = now
    move.tries += 1
    move.percent, move.log, move.result, move.ended_at = None, "", "", None
    return True


def claim_asking(session: Session, move_id: int, now: datetime) -> Claimed | None:
    """Be the only one to ask the server about a running move; None when another one is."""
    move = _locked(session, move_id)
    if move.state is not MoveState.RUNNING or (move.ask_at and move.ask_at > now):
        return None
    move.ask_at = now + ASK_LASTS
    account = session.scalars(select(Account.public_id).where(Account.id == move.account_id)).one()
    order = MoveOrder(key_of(move.public_id, move.tries), account, move.title)
    return Claimed(move_id, order)


def note_progress(session: Session, claimed: Claimed, seen: Running) -> None:
    """Keep how far it is."""
    move = _running(session, claimed)
    if move:
        move.percent, move.log = seen.percent, seen.log
        move.ask_at = move.silent_since = None


def note_silence(session: Session, claimed: Claimed, *, now: datetime) -> None:
    """No answer came: whether it was carried out is not known, and is asked again later."""
    move = _running(session, claimed)
    if move is None:
        return
    move.silent_since = move.silent_since or now
    silent_for = now - move.silent_since
    move.ask_at = now + wait_after(silent_for)
    if silent_for >= SILENT_AFTER:
        open_task(session, "move_silent", move.public_id, now=now, account=claimed.order.account)


def finish(session: Session, claimed: Claimed, log: str, *, by: Actor, now: datetime) -> bool:
    """The server has carried it out; once only."""
    move = _running(session, claimed)
    if move is None:
        return False
    move.percent = 100
    _end(session, move, MoveState.APPLIED, log, now)
    _note(session, move, "move.applied", by=by, now=now, title=move.title)
    close_tasks(session, "move_failed", subject=move.public_id, now=now)
    return True


def fail(session: Session, claimed: Claimed, broken: Broken, *, by: Actor, now: datetime) -> bool:
    """The server could not, and left the account as it was; once only. The operator is told."""
    move = _running(session, claimed)
    if move is None:
        return False
    move.result = broken.reason[:LONGEST_RESULT]
    _end(session, move, MoveState.FAILED, broken.log, now)
    _note(session, move, "move.failed", by=by, now=now, title=move.title, reason=move.result)
    open_task(
        session, "move_failed", move.public_id, now=now, account=claimed.order.account,
        reason=broken.reason,
    )  # fmt: skip
    return True


def _queue(session: Session, move: Move, *, by: Actor, now: datetime) -> None:
    move.state, move.queued_at, move.ended_at = MoveState.QUEUED, now, None
    _note(session, move, "move.queued", by=by, now=now, title=move.title)


def _end(session: Session, move: Move, state: MoveState, log: str, now: datetime) -> None:
    move.state, move.lane, move.log, move.ended_at = state, None, log, now
    move.ask_at = move.silent_since = None
    close_tasks(session, "move_silent", subject=move.public_id, now=now)


def _locked(session: Session, move_id: int) -> Move:
    return session.get_one(Move, move_id, with_for_update=True, populate_existing=True)


def _running(session: Session, claimed: Claimed) -> Move | None:
    """The move, if it is still this try of it that runs: whoever comes second finds nothing."""
    move = _locked(session, claimed.move_id)
    is_same = key_of(move.public_id, move.tries) == claimed.order.key
    return move if is_same and move.state is MoveState.RUNNING else None


def _owner(session: Session, move: Move) -> int:
    return session.scalars(
        select(Account.organization_id).where(Account.id == move.account_id)
    ).one()


def _note(
    session: Session, move: Move, event: str, *, by: Actor, now: datetime, **detail: object
) -> None:
    owner, name = session.execute(
        select(Account.organization_id, Account.public_id).where(Account.id == move.account_id)
    ).one()
    record(
        session, event, organization_id=owner, subject=name, by=by, now=now,
        move=move.public_id, **detail,
    )  # fmt: skip
