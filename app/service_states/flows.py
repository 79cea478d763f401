"""Servers are told what shall be: claim (commit), call, record (commit); repeats are harmless.

A claim keeps others away for a while. Whoever dies after it leaves a row that is told again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar, assert_never

from sqlalchemy import bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from app.db import transaction
from app.operator_tasks.service import close_tasks, open_task
from app.service_states.ports import Answer, Applied, Refused, Unknown
from app.service_states.rules import CLAIM_LASTS, WORTH_A_TASK, ServiceState, wait_after


class Named(Protocol):
    """What a server is told: of something that has a name."""

    @property
    def name(self) -> str:
        """The name or address by which people know it."""
        ...


W = TypeVar("W", bound=Named)

BATCH = 200
# A tick does other things too; the next one goes on.
BATCHES_A_RUN = 25


@dataclass(frozen=True)
class Source(Generic[W]):
    """One kind of thing that a server is told about.

    `model` is a table with the columns of `Served`. `wanted` reads what to tell, by row id; `tell`
    calls the server and gives an answer to each, in order. `server` is what the operator calls it.
    """

    server: str
    model: Any
    wanted: Callable[[Session, Sequence[int]], Mapping[int, W]]
    tell: Callable[[Sequence[W]], Sequence[Answer]]
    # What becomes of rows whose server confirmed that they are gone.
    forget: Callable[[Session, Sequence[int]], None] | None = None


@dataclass(frozen=True)
class Claim(Generic[W]):
    """A row that this process alone is telling about."""

    id: int
    revision: int
    state: ServiceState
    tries: int
    wanted: W


def converge(source: Source[W], now: datetime) -> int:
    """Tell the server what it does not know yet; how many rows it confirmed."""
    return sum(islice(_rounds(source, now), BATCHES_A_RUN))


def _rounds(source: Source[W], now: datetime) -> Iterator[int]:
    while claims := _claim(source, now):
        answers = source.tell([claim.wanted for claim in claims])
        told = list(zip(claims, answers, strict=True))
        with transaction() as session:
            _record(session, source, told, now)
        yield sum(isinstance(answer, Applied) for answer in answers)
        if any(isinstance(answer, Unknown) for answer in answers):
            # A server that does not answer is left alone until the next tick.
            return


def _claim(source: Source[W], now: datetime) -> list[Claim[W]]:
    model = source.model
    free = [
        model.applied_revision != model.desired_revision,
        or_(model.state_retry_at.is_(None), model.state_retry_at <= now),
    ]
    with transaction() as session:
        ids = (
            select(model.id).where(*free).order_by(model.id).limit(BATCH)
            .with_for_update(skip_locked=True)
        )  # fmt: skip
        found = session.scalars(ids).all()
        if not found:
            return []
        rows = session.execute(
            update(model)
            .where(model.id.in_(found), *free)
            .values(state_retry_at=now + CLAIM_LASTS)
            .returning(model.id, model.desired_revision, model.desired_state, model.state_tries),
            execution_options={"synchronize_session": False},
        ).all()
        wanted = source.wanted(session, [row.id for row in rows])
    return [
        Claim(row.id, row.desired_revision, row.desired_state, row.state_tries, wanted[row.id])
        for row in sorted(rows)
    ]


def _record(
    session: Session, source: Source[W], told: list[tuple[Claim[W], Answer]], now: datetime
) -> None:
    confirmed = [claim for claim, answer in told if isinstance(answer, Applied)]
    _confirm(session, source, confirmed)
    for claim, answer in told:
        match answer:
            case Applied():
                continue
            case Refused(detail):
                open_task(
                    session, "server_refused", claim.wanted.name, now=now, detail=detail,
                    server=source.server,
                )  # fmt: skip
            case Unknown(detail):
                if claim.tries + 1 >= WORTH_A_TASK:
                    open_task(session, "server_silent", source.server, now=now, detail=detail)
            case _:
                assert_never(answer)
        _put_off(session, source.model, claim, now)
    if confirmed:
        close_tasks(session, "server_silent", subject=source.server, now=now)
    for claim in confirmed:
        if claim.tries:
            close_tasks(session, "server_refused", subject=claim.wanted.name, now=now)


def _confirm(session: Session, source: Source[W], confirmed: list[Claim[W]]) -> None:
    if not confirmed:
        return
    model = source.model
    # A newer revision that was wanted meanwhile stays to be told: only what was said is confirmed.
    session.connection().execute(
        update(model.__table__)
        .where(model.id == bindparam("row"), model.applied_revision < bindparam("revision"))
        .values(
            applied_revision=bindparam("revision"),
            applied_state=bindparam("state"),
            state_tries=0,
            state_retry_at=None,
        ),
        [{"row": one.id, "revision": one.revision, "state": one.state} for one in confirmed],
    )
    gone = [claim.id for claim in confirmed if claim.state is ServiceState.REMOVED]
    if gone and source.forget:
        source.forget(session, gone)


def _put_off(session: Session, model: Any, claim: Claim[W], now: datetime) -> None:
    tries = claim.tries + 1
    later = now + wait_after(tries)
    session.execute(
        update(model)
        .where(model.id == claim.id, model.applied_revision < claim.revision)
        .values(
            state_tries=tries,
            # What is wanted since is told at once: it may be what the server was waiting for.
            state_retry_at=case((model.desired_revision == claim.revision, later)),
        ),
        execution_options={"synchronize_session": False},
    )
