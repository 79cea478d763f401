"""Cards and their gateways: the way to its page and back, and forgetting what was removed (L7).

A setup is written down before the gateway is called and looked up until its end is known, so that
a customer who never comes back still has their card, once.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts.installation import Context, terms
from app.billing import cards, queries
from app.billing.payment_models import CardSetup, ForgottenCard
from app.billing.ports import (
    Abandoned,
    CardDetails,
    Hosted,
    Payer,
    Refused,
    Unknown,
    Waiting,
    gateways,
)
from app.billing.rules import PaymentState, look_up_after
from app.db import db, reading, transaction
from app.journal.service import Actor
from app.operator_tasks.service import open_task
from app.web.state import settings

log = logging.getLogger(__name__)

_SANDBOX = "sandbox"
# A setup without a page by then: its customer has given up, and nobody else knows of it.
PAGE_WITHIN = timedelta(hours=1)


class Progress(StrEnum):
    """How far the saving of a card is."""

    AT_GATEWAY = "at_gateway"
    SAVED = "saved"
    GIVEN_UP = "given_up"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class _Call:
    """A setup, read before the gateway is asked."""

    id: int
    public_id: str
    gateway: str
    ref: str | None
    payer: Payer
    created_at: datetime
    progress: Progress | None


def card_gateway() -> str | None:
    """The gateway at which new cards are saved; None where none saves cards."""
    return next((name for name in gateways() if gateways().get(name).saves_cards), None)


def gateway_of(token: str) -> str:
    """The gateway that a card from elsewhere names by its token (product.md §4).

    One that is not set up here is never charged.
    """
    if token.startswith(f"{_SANDBOX}:"):
        return _SANDBOX
    taking = card_gateway()
    return "elsewhere" if taking is None or taking == _SANDBOX else taking


def begin(wish: cards.Wish, context: Context) -> Progress | None:
    """Have the gateway open its page for a new card; None for a form of another organization.

    Sent again, the same form leads to the same page.
    """
    with transaction() as session:
        setup = cards.begin_setup(session, wish, context)
        if setup is None:
            return None
        call = _call_of(session, setup)
    if call.progress is not None or call.ref is not None:
        return call.progress or Progress.AT_GATEWAY
    back = f"{settings().public_url}/billing/cards/return/{call.public_id}"
    page = (
        gateways()
        .get(call.gateway)
        .begin_setup(call.payer, key=f"setup:{call.public_id}", done_url=back, cancel_url=back)
    )
    return _record_page(call, page, context)


def look_up(setup_id: int, context: Context) -> Progress:
    """Ask the gateway what came of a setup, and record it once."""
    with reading() as session:
        call = _call_of(session, session.get_one(CardSetup, setup_id))
    if call.progress is not None:
        return call.progress
    if call.ref is None or call.gateway not in gateways():
        return Progress.UNKNOWN
    answer = gateways().get(call.gateway).setup(call.ref)
    match answer:
        case CardDetails():
            with transaction() as session:
                cards.add(session, setup_id, answer, context)
            return Progress.SAVED
        case Abandoned():
            with transaction() as session:
                cards.give_up_setup(session, setup_id, context)
            return Progress.GIVEN_UP
        case Waiting():
            return Progress.AT_GATEWAY
        case Unknown():
            return Progress.UNKNOWN
        case _:
            assert_never(answer)


def settle_setup(gateway: str, ref: str, now: datetime) -> bool:
    """The same, by the gateway's name for the page, as events give it; whether it ended."""
    with reading() as session:
        setup_id = session.scalar(
            select(CardSetup.id).where(CardSetup.gateway == gateway, CardSetup.gateway_ref == ref)
        )
    context = Context(now, terms(), Actor())
    return setup_id is not None and look_up(setup_id, context) in _ENDS


def recover_setups(now: datetime, run_id: int) -> int:
    """Finish what customers began who never came back; the number of setups that ended."""
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        rows = session.execute(
            select(CardSetup.id, CardSetup.looked_up_at, CardSetup.look_ups)
            .where(CardSetup.ended_at.is_(None))
            .order_by(CardSetup.id)
        ).all()
    due = [
        row.id
        for row in rows
        if now >= row.looked_up_at + look_up_after(PaymentState.WAITING, row.look_ups)
    ]
    return sum(_recovered(setup_id, context) for setup_id in due)


def forget_removed(_now: datetime, _run_id: int) -> int:
    """Have gateways forget removed cards; how many did. Those out of reach are asked again."""
    with reading() as session:
        rows = session.execute(
            select(ForgottenCard.id, ForgottenCard.gateway, ForgottenCard.token)
            .where(ForgottenCard.gateway.in_(list(gateways())))
            .order_by(ForgottenCard.id)
        ).all()
    return sum(_forgotten(row.id, row.gateway, row.token) for row in rows)


_ENDS = (Progress.SAVED, Progress.GIVEN_UP)


def _record_page(call: _Call, page: Hosted | Refused | Unknown, context: Context) -> Progress:
    with transaction() as session:
        match page:
            case Hosted():
                cards.send_customer(session, call.id, page)
                return Progress.AT_GATEWAY
            case Refused(detail):
                cards.give_up_setup(session, call.id, context)
                open_task(session, "setup_refused", call.public_id, now=context.now,
                          detail=detail[:300])  # fmt: skip
                return Progress.GIVEN_UP
            case Unknown():
                return Progress.UNKNOWN
            case _:
                assert_never(page)


def _call_of(session: Session, setup: CardSetup) -> _Call:
    progress = None
    if setup.ended_at is not None:
        progress = Progress.SAVED if setup.card_id is not None else Progress.GIVEN_UP
    return _Call(
        setup.id, setup.public_id, setup.gateway, setup.gateway_ref,
        queries.payer(session, setup.organization_id), setup.created_at, progress,
    )  # fmt: skip


def _recovered(setup_id: int, context: Context) -> bool:
    """One of them; whatever breaks stops nobody else."""
    with transaction() as session:
        mine = _claim(session, setup_id, context.now)
    if not mine:
        return False
    try:
        if look_up(setup_id, context) in _ENDS:
            return True
        with transaction() as session:
            return _never_opened(session, setup_id, context)
    except Exception:  # one poisoned setup must not stop the others
        log.exception("card setup %s could not be looked up", setup_id)
        db.session.rollback()
        return False


def _claim(session: Session, setup_id: int, now: datetime) -> bool:
    """Whether no other process asks about it now."""
    claimed = session.scalar(
        update(CardSetup)
        .where(CardSetup.id == setup_id, CardSetup.ended_at.is_(None), CardSetup.looked_up_at < now)
        .values(looked_up_at=now, look_ups=CardSetup.look_ups + 1)
        .returning(CardSetup.id)
        .execution_options(synchronize_session=False)
    )
    return claimed is not None


def _never_opened(session: Session, setup_id: int, context: Context) -> bool:
    setup = session.get_one(CardSetup, setup_id)
    late = context.now >= setup.created_at + PAGE_WITHIN
    return setup.gateway_ref is None and late and cards.give_up_setup(session, setup_id, context)


def _forgotten(row_id: int, gateway: str, token: str) -> bool:
    try:
        done = gateways().get(gateway).forget(token)
    except Exception:  # one poisoned token must not stop the others
        log.exception("card %s could not be forgotten", row_id)
        db.session.rollback()
        return False
    if done:
        with transaction() as session:
            session.execute(delete(ForgottenCard).where(ForgottenCard.id == row_id))
    return done
