"""Keeps each subscription's verdict: forecasts what a payer pays, and stores what differs.

A wallet stays due until the transaction that stores its verdicts, and that one reads everything
again under the wallet's lock. So whatever changes in between is forecast anew, and a process that
dies leaves the work to the next tick.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.accounts.installation import terms
from app.billing import queries as billing_queries
from app.billing import service as billing
from app.billing.models import Wallet
from app.db import db, reading, transaction
from app.lib.dates import add_months
from app.renewals.forecast import forecast
from app.renewals.foretold import Outlook
from app.renewals.payers import Known, known_of, paid_by
from app.subscriptions.models import Subscription
from app.subscriptions.queries import payers_of_mailboxes
from app.subscriptions.rules import Kind, Verdict

log = logging.getLogger(__name__)

MONTHS_AHEAD = 12
# More than this is too much to work out while somebody waits for a page.
SMALL = 2000
# A domain's verdict may change those of mailboxes that others pay, and so on; a tick ends anyway.
ROUNDS = 10
BATCH = 1000


def forecasts(now: datetime, _run_id: int) -> int:
    """Forecast every payer for whom something changed; how many verdicts are new."""
    changed, broken = 0, set[int]()
    for _round in range(ROUNDS):
        with reading() as session:
            due = billing_queries.to_forecast_for_staff(session, terms().currency)
        todo = [payer_id for payer_id in due if payer_id not in broken]
        if not todo:
            break
        for payer_id in todo:
            written = _try(payer_id, now)
            changed += written or 0
            if written is None:
                broken.add(payer_id)
    return changed


def overlooked(_now: datetime, _run_id: int) -> int:
    """Once a day, make those due who have services without a verdict; how many payers.

    There should be none, nor any payer without a wallet, which this makes: nobody is forgotten.
    """
    with transaction() as session:
        currency = terms(session).currency
        has_wallet = exists().where(
            Wallet.organization_id == Subscription.billed_organization_id,
            Wallet.currency == currency,
        )
        found = session.scalars(
            select(Subscription.billed_organization_id)
            .where(
                Subscription.auto_renewal.is_(True),
                or_(Subscription.verdict.is_(None), ~has_wallet),
            )
            .distinct()
        )
        payers = [payer_id for payer_id in found if payer_id is not None]
        for payer_id in payers:
            billing.ensure_wallet(session, payer_id, currency)
        billing.forecast_anew(session, payers)
    return len(payers)


def refresh(now: datetime, organization_ids: Collection[int], most: int = SMALL) -> None:
    """Forecast these payers now, for the page that follows; outside of any transaction.

    Only those for whom something changed; who pays for more than `most` is left to the job.
    """
    with reading() as session:
        due = billing_queries.to_forecast_for_staff(session, terms().currency)
        small = [
            payer_id
            for payer_id in due
            if payer_id in organization_ids and _pays_at_most(session, payer_id, most)
        ]
    for payer_id in small:
        _try(payer_id, now)


def _try(payer_id: int, now: datetime) -> int | None:
    """Forecast one; None if that broke, which must stop neither the others nor a page."""
    try:
        return _forecast_payer(payer_id, now)
    except Exception:  # whatever it is, the wallet stays due and the log tells
        log.exception("forecast of organization %s failed", payer_id)
        db.session.rollback()
        return None


def _pays_at_most(session: Session, payer_id: int, most: int) -> bool:
    some = select(Subscription.id).where(*paid_by(payer_id)).limit(most + 1).subquery()
    return session.scalars(select(func.count()).select_from(some)).one() <= most


def _forecast_payer(payer_id: int, now: datetime) -> int:
    with reading() as session:
        chosen = terms(session)
        today = chosen.today(now)
        known = known_of(session, payer_id, today, chosen)
    until = add_months(today, MONTHS_AHEAD)
    outlooks = forecast(known.purse, known.items, known.ties, today, until)
    different = {
        subscription_id: outlook
        for subscription_id, outlook in outlooks.items()
        if known.stored[subscription_id] != (outlook.verdict, outlook.missing)
    }
    return _store(payer_id, known, different, now)


def _store(payer_id: int, known: Known, different: Mapping[int, Outlook], now: datetime) -> int:
    """Write what differs, if nothing that it was worked out from has changed; how many."""
    domain_ids = [
        item.domain_id for item in known.items if item.kind is Kind.DOMAIN and item.id in different
    ]
    with transaction() as session:
        concerned = set[int]()
        for some in _batches(domain_ids):
            concerned |= payers_of_mailboxes(session, some)
        billing.forecast_anew(session, concerned | {payer_id})
        chosen = terms(session)
        if known_of(session, payer_id, chosen.today(now), chosen) != known:
            return 0
        written = sum(_write(session, payer_id, different, some) for some in _batches(different))
        # What somebody else is about to change was left out: it is still due.
        if written == len(different):
            billing.forecast_is_done(session, payer_id, chosen.currency)
    return written


def _write(
    session: Session, payer_id: int, outlooks: Mapping[int, Outlook], ids: Sequence[int]
) -> int:
    """Verdicts of some; rows that are locked are passed over, as waiting could be circular."""
    free = session.scalars(
        select(Subscription.id)
        .where(Subscription.id.in_(ids), *paid_by(payer_id))
        .with_for_update(skip_locked=True)
    ).all()
    alike: defaultdict[Verdict, list[int]] = defaultdict(list)
    for one in free:
        alike[outlooks[one].verdict].append(one)
    # What is missing differs from row to row; all else is the same for many.
    short = alike.pop(Verdict.SHORT, [])
    for verdict, same in alike.items():
        session.execute(
            update(Subscription)
            .where(Subscription.id.in_(same))
            .values(verdict=verdict, missing=None)
            .execution_options(synchronize_session=False)
        )
    if short:
        rows = [
            {"id": one, "verdict": Verdict.SHORT, "missing": outlooks[one].missing} for one in short
        ]
        session.execute(update(Subscription), rows)
    return len(free)


def _batches(ids: Collection[int]) -> Iterator[Sequence[int]]:
    every = list(ids)
    return (every[start : start + BATCH] for start in range(0, len(every), BATCH))
