"""All that the forecast of one payer depends on, read in a fixed number of statements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.billing.queries import balance, chargeable_cards, wallet_is_in_doubt
from app.domains.models import Domain
from app.renewals import queries
from app.renewals.foretold import ForecastItem, Purse
from app.renewals.funding_queries import refill_of, without_card
from app.renewals.models import Renewal
from app.renewals.rules import DomainTie
from app.subscriptions.models import Subscription
from app.subscriptions.queries import prices
from app.subscriptions.rules import Kind, Verdict

Rows = Sequence[Row[*tuple[Any, ...]]]
Stored = tuple[Verdict | None, int | None]


@dataclass(frozen=True)
class Known:
    """What `forecast` wants, in its words; `stored` are verdicts and what is missing, by id."""

    purse: Purse
    items: list[ForecastItem]
    ties: dict[int, DomainTie]
    stored: dict[int, Stored]


@dataclass(frozen=True)
class _Due:
    """What `rules.plan` asks about a subscription whose slot has come."""

    since: date
    attempts: int
    tried_today: bool


def known_of(session: Session, payer_id: int, today: date, chosen: Terms) -> Known:
    """What an organization pays by itself, from its wallet in the installation's currency."""
    rows = session.execute(
        _SWITCHED_ON.where(Subscription.billed_organization_id == payer_id)
    ).all()
    on_domains = select(Subscription.domain_id).where(*paid_by(payer_id))
    of_others = session.execute(
        _SWITCHED_ON.where(
            Subscription.domain_id.in_(on_domains),
            Subscription.kind == Kind.DOMAIN,
            Subscription.billed_organization_id != payer_id,
        )
    ).all()
    under_way = _under_way(session)
    return Known(
        _purse(session, payer_id, chosen.currency),
        [
            *_items(session, payer_id, rows, today, chosen),
            *_renewed_elsewhere(of_others, under_way),
        ],
        queries.ties_of(session, on_domains),
        {number: (verdict, missing) for number, *_rest, verdict, missing in rows},
    )


def _purse(session: Session, payer_id: int, currency: str) -> Purse:
    in_doubt = wallet_is_in_doubt(session, payer_id, currency)
    return Purse(
        balance(session, payer_id, currency).available,
        () if in_doubt else tuple(chargeable_cards(session, payer_id)),
        refill_of(session, payer_id, currency),
    )


def paid_by(payer_id: int) -> tuple[ColumnElement[bool], ...]:
    """What the organization pays by itself."""
    return Subscription.billed_organization_id == payer_id, Subscription.auto_renewal.is_(True)


_SWITCHED_ON = (
    select(
        Subscription.id,
        Subscription.kind,
        Subscription.domain_id,
        Subscription.expires_on,
        Subscription.next_slot_on,
        Subscription.renewal_months,
        Domain.extension,
        Subscription.anchor,
        Subscription.months,
        Subscription.card_id,
        Subscription.announced_price,
        Subscription.announced_months,
        Subscription.price_cap,
        Subscription.verdict,
        Subscription.missing,
    )
    .join(Domain, Domain.id == Subscription.domain_id)
    .where(Subscription.auto_renewal.is_(True))
    .order_by(Subscription.id)
)


def _items(
    session: Session, payer_id: int, rows: Rows, today: date, chosen: Terms
) -> Iterator[ForecastItem]:
    catalogue = prices(session)
    price_of, to_pay = lru_cache(catalogue.of), lru_cache(catalogue.to_pay)
    under_way, due = _under_way(session), _due(session, payer_id, today, chosen)
    not_by_card = without_card(session, payer_id)
    # Unpacked, as a payer may have a hundred thousand.
    for (
        number, kind, domain_id, ends, look_on, months, extension, anchor, sold, card, announced,
        told_for, cap, *_verdict,
    ) in rows:  # fmt: skip
        item = ForecastItem(
            number, kind, domain_id, ends, look_on, months,
            to_pay(kind, extension, months, announced, told_for), anchor, sold or 0,
            by_card=number not in not_by_card, card_id=card,
            later=price_of(kind, extension, months), cap=cap,
        )  # fmt: skip
        if number in due:
            now = due[number]
            item = item._replace(
                look_on=today + timedelta(days=1) if now.tried_today else look_on,
                since=now.since,
                attempts=now.attempts,
            )
        yield item._replace(claimed=True) if (number, ends) in under_way else item


def _renewed_elsewhere(rows: Rows, under_way: set[tuple[int, date]]) -> Iterator[ForecastItem]:
    """Domains of this payer's mailboxes that others pay: what their own forecast says, counts."""
    for row in rows:
        yield ForecastItem(
            row.id, row.kind, row.domain_id, row.expires_on, row.next_slot_on, row.renewal_months,
            None, claimed=(row.id, row.expires_on) in under_way,
            elsewhere=row.verdict in (None, Verdict.WILL_RENEW),
        )  # fmt: skip


def _under_way(session: Session) -> set[tuple[int, date]]:
    """Periods whose renewal was begun and has no known end, by subscription."""
    rows = session.execute(
        select(Renewal.subscription_id, Renewal.cur_expires_on).where(
            Renewal.state.in_(queries.OPEN)
        )
    )
    return {(subscription_id, expires_on) for subscription_id, expires_on in rows}


def _due(session: Session, payer_id: int, today: date, chosen: Terms) -> dict[int, _Due]:
    """Those to be looked at today: on since when, and whether this period was tried, also today."""
    tried, tried_today = queries.tried_so_far(today)
    rows = session.execute(
        select(
            Subscription.id,
            Subscription.auto_renewal_since,
            tried.label("tried"),
            tried_today.label("tried_today"),
        ).where(*paid_by(payer_id), Subscription.next_slot_on <= today)
    )
    return {
        subscription_id: _Due(
            chosen.today(since) if since else today, int(bool(was_tried)), bool(was_tried_today)
        )
        for subscription_id, since, was_tried, was_tried_today in rows
    }
