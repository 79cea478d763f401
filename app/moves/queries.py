"""Reads of hosting accounts and of moves."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.orm import Session

from app.accounts.models import Account, Organization
from app.accounts.rules import Plan
from app.domains.models import Domain
from app.moves.models import IS_OPEN, Move
from app.moves.rules import OPEN, MoveState
from app.service_states.rules import ServiceState
from app.web.listing import Listing, Order, Page, Wish, read_date

OPEN_MOVES = Listing({"due": Order(Move.due_on, read_date, Move.id)}, "due")
# More accounts, domains on one, or moves of one than this are told as "and more".
READ = 200


@dataclass(frozen=True)
class AccountLine:
    """A hosting account in a list; `applied_state` is None while it is not set up yet."""

    id: int
    name: str
    plan: Plan
    organization_id: int
    desired_state: ServiceState
    applied_state: ServiceState | None
    suspended_since: datetime | None


@dataclass(frozen=True)
class MoveLine:
    """A move of an account; as the columns of `Move` say."""

    public_id: str
    account_id: int
    title: str
    description: str
    changes: str
    due_on: date
    state: MoveState
    tries: int
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    silent_since: datetime | None
    percent: int | None
    log: str
    result: str


_ACCOUNT: tuple[Any, ...] = (
    Account.id, Account.public_id, Account.plan, Account.organization_id, Account.desired_state,
    Account.applied_state, Organization.suspended_since,
)  # fmt: skip
_MOVE: tuple[Any, ...] = (
    Move.public_id, Move.account_id, Move.title, Move.description, Move.changes, Move.due_on,
    Move.state, Move.tries, Move.queued_at, Move.started_at, Move.ended_at, Move.silent_since,
    Move.percent, Move.log, Move.result,
)  # fmt: skip


def accounts(session: Session, organization_ids: Collection[int]) -> list[AccountLine]:
    """Hosting accounts of the organizations by name, the first READ of them."""
    return _accounts(session, Account.organization_id.in_(organization_ids))


def account(session: Session, organization_ids: Collection[int], name: str) -> AccountLine | None:
    """The hosting account of that name, if one of the organizations owns it."""
    found = _accounts(
        session, Account.organization_id.in_(organization_ids), Account.public_id == name
    )
    return found[0] if found else None


def _accounts(session: Session, *which: ColumnElement[bool]) -> list[AccountLine]:
    rows = session.execute(
        select(*_ACCOUNT)
        .join(Organization, Organization.id == Account.organization_id)
        .where(*which)
        .order_by(Account.public_id)
        .limit(READ)
    )
    return [AccountLine(*row) for row in rows]


def next_moves(session: Session, account_ids: Collection[int]) -> dict[int, MoveLine]:
    """The open move of each account that is due first."""
    rows = session.execute(
        select(*_MOVE)
        .where(Move.account_id.in_(account_ids), Move.state.in_(OPEN))
        .order_by(Move.due_on.desc(), Move.id.desc())
    )
    return {row.account_id: MoveLine(*row) for row in rows}


def moves_of(session: Session, account_id: int) -> tuple[list[MoveLine], list[MoveLine]]:
    """Open moves of an account, soonest first; then those that are over, the latest first."""
    rows = session.execute(
        select(*_MOVE)
        .where(Move.account_id == account_id)
        .order_by(Move.due_on.desc(), Move.id.desc())
        .limit(READ)
    )
    sorted_out: dict[bool, list[MoveLine]] = defaultdict(list)
    for row in rows:
        sorted_out[row.state in OPEN].append(MoveLine(*row))
    return sorted_out[True][::-1], sorted_out[False]


def find_move(session: Session, account_id: int, public_id: str) -> int | None:
    """The row id of a move of an account."""
    return session.scalar(
        select(Move.id).where(Move.account_id == account_id, Move.public_id == public_id)
    )


def domains_on(session: Session, account_id: int) -> list[str]:
    """Names of the domains on an account, the first READ of them."""
    names = select(Domain.name).where(Domain.account_id == account_id)
    return list(session.scalars(names.order_by(Domain.name).limit(READ)))


def open_moves_for_staff(session: Session, state: MoveState | None, wish: Wish) -> Page:
    """Moves of all customers that are neither applied nor called off; of a state, or all."""
    statement = (
        select(
            Move.public_id, Move.title, Move.due_on, Move.state, Account.public_id.label("account"),
            Organization.public_id.label("organization"),
            Organization.name.label("organization_name"),
        )
        .join(Account, Account.id == Move.account_id)
        .join(Organization, Organization.id == Account.organization_id)
        # In the words of its partial index.
        .where(text(IS_OPEN))
    )  # fmt: skip
    if state:
        statement = statement.where(Move.state == state)
    return OPEN_MOVES.page(session, statement, wish)


@dataclass(frozen=True)
class MoveFound:
    """A move of any customer, and its row's id; the account and its owner by their public ids."""

    id: int
    account: str
    organization: str
    organization_name: str
    suspended_since: datetime | None
    line: MoveLine


def move_for_staff(session: Session, public_id: str) -> MoveFound | None:
    """The move of that id."""
    row = session.execute(
        select(
            Move.id, Account.public_id, Organization.public_id, Organization.name,
            Organization.suspended_since, *_MOVE,
        )
        .join(Account, Account.id == Move.account_id)
        .join(Organization, Organization.id == Account.organization_id)
        .where(Move.public_id == public_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    move_id, account, organization, name, suspended_since, *line = row
    return MoveFound(move_id, account, organization, name, suspended_since, MoveLine(*line))


def account_for_staff(session: Session, name: str) -> int | None:
    """The row id of the hosting account of that name."""
    return session.scalar(select(Account.id).where(Account.public_id == name))


def to_ask_for_staff(session: Session, now: datetime) -> list[int]:
    """Running moves that nobody is asking the server about."""
    return list(
        session.scalars(
            select(Move.id)
            .where(Move.state == MoveState.RUNNING, or_(Move.ask_at.is_(None), Move.ask_at <= now))
            .order_by(Move.id)
        )
    )


def to_begin_for_staff(session: Session, at_a_time: int) -> list[tuple[int, int]]:
    """Moves that may begin now, each with a free lane; one an account, first come first served."""
    running = session.execute(
        select(Move.lane, Move.account_id).where(Move.state == MoveState.RUNNING)
    ).all()
    free = sorted(set(range(1, at_a_time + 1)) - {row.lane for row in running})
    busy = {row.account_id for row in running}
    waiting = session.execute(
        select(Move.id, Move.account_id)
        .where(Move.state == MoveState.QUEUED, Move.account_id.not_in(busy))
        .order_by(Move.queued_at, Move.id)
        .limit(10 * len(free))
    )
    first: dict[int, int] = {}
    for row in waiting:
        first.setdefault(row.account_id, row.id)
    return list(zip(first.values(), free, strict=False))
