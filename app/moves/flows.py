"""Moves with the hosting server: claim (commit), ask what became of it, order, record (commit).

The server is asked before anything is ordered, and orders carry a key: whatever dies in between is
found again by the next tick and done once.
"""

from datetime import datetime
from typing import assert_never

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.journal.service import Actor
from app.moves import queries, service
from app.moves.ports import Begun, Broken, Done, MoveOrder, NeverBegun, Progress, Running, hosting
from app.moves.service import Claimed
from app.service_states.ports import Refused, Unknown
from app.web.state import settings


def apply_moves(now: datetime, run_id: int) -> int:
    """Begin moves that wait while lanes are free, and follow those that run; how many ended."""
    by = Actor(run_id=run_id)
    ended = sum(_follow(move_id, by, now) for move_id in _to_ask(now))
    while begun := _begin_next(now):
        ended += sum(_follow(move_id, by, now) for move_id in begun)
    return ended


def _to_ask(now: datetime) -> list[int]:
    with reading() as session:
        return queries.to_ask_for_staff(session, now)


def _begin_next(now: datetime) -> list[int]:
    with reading() as session:
        chosen = queries.to_begin_for_staff(session, settings().moves_at_a_time)
    return [move_id for move_id, lane in chosen if _start(move_id, lane, now)]


def _start(move_id: int, lane: int, now: datetime) -> bool:
    try:
        with transaction() as session:
            return service.start(session, move_id, lane, now=now)
    except IntegrityError:
        # Another process was faster with this lane, or with another move of the account.
        return False


def _follow(move_id: int, by: Actor, now: datetime) -> bool:
    with transaction() as session:
        claimed = service.claim_asking(session, move_id, now)
    if claimed is None:
        return False
    answer = hosting().progress(claimed.order.key)
    if isinstance(answer, NeverBegun):
        answer = _order(claimed.order)
    with transaction() as session:
        return _record(session, claimed, answer, by, now)


def _order(order: MoveOrder) -> Progress:
    answer = hosting().begin(order)
    match answer:
        case Begun():
            return hosting().progress(order.key)
        case Refused(detail):
            return Broken(detail, "")
        case Unknown():
            return answer
        case _:
            assert_never(answer)


def _record(session: Session, claimed: Claimed, answer: Progress, by: Actor, now: datetime) -> bool:
    match answer:
        case Done(log):
            return service.finish(session, claimed, log, by=by, now=now)
        case Broken():
            return service.fail(session, claimed, answer, by=by, now=now)
        case Running():
            service.note_progress(session, claimed, answer)
        case Unknown() | NeverBegun():
            service.note_silence(session, claimed, now=now)
        case _:
            assert_never(answer)
    return False
