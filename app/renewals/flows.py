"""Renewals with the outside world: claim (commit), ask the registry, record (commit) (L8).

Each step may be the last before a crash: what is claimed is found again by `recover`, which asks
the registry what happened before it orders anything.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import assert_never

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.installation import Context, terms
from app.db import db, reading, transaction
from app.domains.models import Domain
from app.domains.ports import (
    NameInfo,
    NotOurs,
    Registrar,
    Renewed,
    RenewRefused,
    Unknown,
    registrars,
)
from app.domains.rules import Refusal, current_expiry_date
from app.journal.service import Actor
from app.lib.dates import at
from app.operator_tasks.service import close_tasks, open_task
from app.renewals import endings, queries, service
from app.renewals.funding_flows import clear_funded, fund_guarded
from app.renewals.funding_queries import funded_for_staff, wanted_of
from app.renewals.models import Renewal
from app.renewals.rules import SLOT_TIME, Block, Reading, read_registry
from app.renewals.service import Claimed
from app.subscriptions.models import Subscription

log = logging.getLogger(__name__)

RETRY_POISONED_AFTER = timedelta(hours=1)


def renew_due(now: datetime, run_id: int) -> int:
    """Try everything whose slot has come; the number of attempts made.

    Cards are charged first, once for each payer, and then everything is tried in one order, so
    that a domain comes before mailboxes that somebody else pays (R13, R18).
    """
    context = Context(now, terms(), Actor(run_id=run_id))
    if now < at(context.today, SLOT_TIME, context.terms.tz):
        return 0
    with reading() as session:
        due = queries.due_for_staff(session, context.today, now)
    ready = {payer for payer in dict.fromkeys(item.payer_id for item in due)
             if payer is None or fund_guarded(payer, context)}  # fmt: skip
    return sum(_guarded(item.subscription_id, context) for item in due if item.payer_id in ready)


def renew_funded(now: datetime, run_id: int) -> int:
    """Try at once what waits for money, where a top-up or a card came (R6); how many tries."""
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        wallets = funded_for_staff(session, context.terms.currency)
    tried = 0
    for wallet_id, payer_id, came in wallets:
        if not fund_guarded(payer_id, context, in_window=True):
            continue
        with reading() as session:
            wanted = wanted_of(session, payer_id, context, in_window=True)
        tried += sum(_guarded(one.id, context, came) for one in wanted)
        clear_funded(wallet_id, came)
    return tried


def _guarded(subscription_id: int, context: Context, came: str | None = None) -> bool:
    """Try one; a row that breaks waits an hour and is told to the operator, and stops nobody."""
    try:
        return _try(subscription_id, context, came)
    except Exception as problem:  # one poisoned row must not stop the others
        log.exception("renewal of subscription %s failed", subscription_id)
        db.session.rollback()
        with transaction() as session:
            session.execute(
                update(Subscription)
                .where(Subscription.id == subscription_id)
                .values(retry_at=context.now + RETRY_POISONED_AFTER)
            )
            open_task(
                session, "renewal_broken", str(subscription_id), now=context.now,
                error=f"{type(problem).__name__}: {problem}"[:500],
            )  # fmt: skip
        return False


def _try(subscription_id: int, context: Context, came: str | None) -> bool:
    with transaction() as session:
        if came is None:
            order = service.begin_slot(session, subscription_id, context)
        else:
            order = service.begin_funded(session, subscription_id, came, context)
        tried = service.attempt(session, order, context) if order else None
        close_tasks(session, "renewal_broken", subject=str(subscription_id), now=context.now)
    if isinstance(tried, Claimed):
        settle(tried.renewal_id, context)
    return tried is not None


def recover(now: datetime, run_id: int) -> int:
    """Ask again about renewals without a known end; the number of those that ended."""
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        open_ids = queries.open_renewals_for_staff(session, now)
    ended = 0
    for renewal_id in open_ids:
        with transaction() as session:
            mine = endings.claim_lookup(session, renewal_id, context)
        ended += mine and settle(renewal_id, context)
    return ended


@dataclass(frozen=True)
class _Call:
    """What a call to the registry needs, read before it so that no transaction is open."""

    name: str
    registrar: Registrar
    before: date
    years: int
    price: int
    key: str


def settle(renewal_id: int, context: Context) -> bool:
    """Bring a claimed domain renewal to its end, or leave it unknown; whether it ended.

    The registry is asked before it is told, so a renewal that did happen is never ordered again
    (CP7-CP9, R9, R10).
    """
    with reading() as session:
        call = _call_of(session, renewal_id)
    info = call.registrar.info(call.name)
    if not isinstance(info, NameInfo) or _reads(call, info) is not Reading.NOT_YET:
        return _believe(renewal_id, call, info, context)
    if "pendingTransfer" in info.statuses:
        return _fail(renewal_id, Block.TRANSFERRING, context)
    # A registry that asks more than the customer pays is a premium name nobody priced (R16).
    told = call.registrar.renew(
        call.name, call.before, call.years, fee_limit=call.price, key=call.key
    )
    match told:
        case Renewed(expires_at):
            return _finish(renewal_id, expires_at, context)
        case RenewRefused(Refusal.WRONG_DATE):
            # Somebody was faster with the same order: read again what came of it.
            return _believe(renewal_id, call, call.registrar.info(call.name), context)
        case RenewRefused(refusal):
            return _fail(renewal_id, _reason(refusal), context)
        case Unknown():
            return _unknown(renewal_id, context)
        case _:
            assert_never(told)


def _believe(
    renewal_id: int, call: _Call, info: NameInfo | NotOurs | Unknown, context: Context
) -> bool:
    """End a renewal by what the registry shows, without ordering anything."""
    match info:
        case NotOurs():
            return _fail(renewal_id, Block.DOMAIN_GONE, context)
        case Unknown():
            return _unknown(renewal_id, context)
        case NameInfo(expires_at) if _reads(call, info) is Reading.DONE:
            return _finish(renewal_id, expires_at, context)
        case NameInfo():
            return _ask_operator(renewal_id, call, info, context)
        case _:
            assert_never(info)


def _call_of(session: Session, renewal_id: int) -> _Call:
    row = session.execute(
        select(Domain.name, Domain.registrar, Renewal.registry_date, Renewal.months, Renewal.price)
        .join(Subscription, Subscription.id == Renewal.subscription_id)
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(Renewal.id == renewal_id)
    ).one()
    return _Call(
        row.name,
        registrars().get(row.registrar),
        row.registry_date,
        row.months // 12,
        row.price,
        f"renewal:{renewal_id}",
    )


def _reads(call: _Call, info: NameInfo) -> Reading:
    return read_registry(call.before, call.years, current_expiry_date(info.expires_at))


def _reason(refusal: Refusal) -> Block:
    gone = refusal in (Refusal.NOT_FOUND, Refusal.NOT_OURS)
    return Block.DOMAIN_GONE if gone else Block.REGISTRY_REFUSED


def _finish(renewal_id: int, expires_at: datetime, context: Context) -> bool:
    with transaction() as session:
        return endings.finish_domain(session, renewal_id, expires_at, context)


def _fail(renewal_id: int, reason: Block, context: Context) -> bool:
    with transaction() as session:
        return endings.fail_domain(session, renewal_id, reason, context)


def _unknown(renewal_id: int, context: Context) -> bool:
    with transaction() as session:
        endings.leave_unknown(session, renewal_id, context)
    return False


def _ask_operator(renewal_id: int, call: _Call, info: NameInfo, context: Context) -> bool:
    with transaction() as session:
        endings.leave_unknown(session, renewal_id, context)
        open_task(
            session, "registry_date", call.name, now=context.now,
            expected=call.before.isoformat(), found=info.expires_at.isoformat(),
        )  # fmt: skip
    return False
