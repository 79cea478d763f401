"""What a payer is to pay soon: as its forecast would take it if there were money for everything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.installation import Terms
from app.accounts.models import Organization
from app.domains.models import Domain
from app.renewals.forecast import forecast
from app.renewals.foretold import ENDLESS, Charge, ForecastItem, Foretold, Purse
from app.renewals.models import Renewal
from app.renewals.queries import ITS_OWN, OPEN, OWN, TIE, tie, tried_so_far
from app.subscriptions.models import Subscription
from app.subscriptions.queries import FORESEEN, PriceList, prices
from app.subscriptions.rules import Kind, Verdict

SOON = timedelta(days=30)


@dataclass(frozen=True)
class Due:
    """A renewal that a wallet is asked to pay on a day; `price` in minor units.

    `owner` is the organization that has the service, where that is another than the one that pays.
    `verdict`, `missing` and `payer_id` tell whether it can be paid, for `words.warnings`.
    """

    kind: Kind
    subject: str
    on: date
    price: int
    owner: str | None
    verdict: Verdict | None
    missing: int | None
    payer_id: int


def due_soon(
    session: Session, payer_id: int, chosen: Terms, today: date, most: int
) -> tuple[list[Due], bool]:
    """What a payer is to pay within 30 days, in the order of payment, in two statements.

    A mailbox that renews twice until then is there twice. What fails for another reason than money
    is left out. Of more than `most` services only the first are read; the second value tells
    whether those were all.
    """
    catalogue = prices(session)
    found = session.execute(_due(payer_id, today).limit(most + 1)).all()
    rows = found[:most]
    charged: list[Foretold] = []
    forecast(
        Purse(ENDLESS),
        [*_items(rows, catalogue, chosen, today), *_paid_by_others(rows, payer_id)],
        {row.domain_id: tie(row) for row in rows},
        today,
        today + SOON,
        told=charged.append,
    )
    known = {row.id: row for row in rows}
    due = [
        _told(known[one.subscription_id], one, payer_id)
        for one in charged
        if isinstance(one, Charge)
    ]
    return due, len(found) <= most


def _told(row: Row[*tuple[Any, ...]], charge: Charge, payer_id: int) -> Due:
    return Due(
        row.kind, row.subject, charge.day, charge.amount,
        None if row.organization_id == payer_id else row.owner,
        row.verdict, row.missing, payer_id,
    )  # fmt: skip


def _due(payer_id: int, today: date) -> Select[*tuple[Any, ...]]:
    tried, tried_today = tried_so_far(today)
    return (
        select(
            Subscription.id, Subscription.kind, Subscription.subject, Subscription.domain_id,
            Subscription.expires_on, Subscription.next_slot_on, Subscription.renewal_months,
            Subscription.anchor, Subscription.months, Subscription.organization_id,
            Subscription.auto_renewal_since, Subscription.announced_price,
            Subscription.announced_months, Subscription.price_cap, *FORESEEN[:2],
            Domain.extension, Organization.name.label("owner"),
            tried.label("tried"), tried_today.label("tried_today"),
            _under_way(Subscription.id, Subscription.expires_on).label("under_way"),
            OWN.id.label("own_id"), OWN.billed_organization_id.label("own_payer"),
            OWN.next_slot_on.label("own_slot"), OWN.renewal_months.label("own_months"),
            OWN.verdict.label("own_verdict"),
            _under_way(OWN.id, OWN.expires_on).label("own_under_way"),
            *TIE,
        )
        .join(Domain, Domain.id == Subscription.domain_id)
        .join(Organization, Organization.id == Subscription.organization_id)
        .outerjoin(OWN, ITS_OWN)
        .where(
            Subscription.billed_organization_id == payer_id,
            Subscription.auto_renewal.is_(True),
            Subscription.next_slot_on <= today + SOON,
        )
        .order_by(Subscription.next_slot_on, Subscription.expires_on, Subscription.id)
    )  # fmt: skip


def _under_way(
    number: InstrumentedAttribute[int], expires_on: InstrumentedAttribute[date]
) -> ColumnElement[bool]:
    return exists().where(
        Renewal.subscription_id == number,
        Renewal.cur_expires_on == expires_on,
        Renewal.state.in_(OPEN),
    )


def _items(
    rows: Sequence[Row[*tuple[Any, ...]]], catalogue: PriceList, chosen: Terms, today: date
) -> Iterator[ForecastItem]:
    for row in rows:
        price = catalogue.to_pay(
            row.kind, row.extension, row.renewal_months, row.announced_price, row.announced_months
        )
        since = chosen.today(row.auto_renewal_since) if row.auto_renewal_since else today
        yield ForecastItem(
            row.id, row.kind, row.domain_id, row.expires_on,
            today + timedelta(days=1) if row.tried_today else row.next_slot_on,
            row.renewal_months, price, row.anchor, row.months or 0, since, int(bool(row.tried)),
            claimed=bool(row.under_way), cap=row.price_cap,
            later=catalogue.of(row.kind, row.extension, row.renewal_months),
        )  # fmt: skip


def _paid_by_others(rows: Sequence[Row[*tuple[Any, ...]]], payer_id: int) -> Iterator[ForecastItem]:
    """Domains of these mailboxes that another pays, once each, as in `payers`."""
    found = {
        row.own_id: row
        for row in rows
        if row.kind is Kind.MAILBOX and row.own_slot and row.own_payer != payer_id
    }
    for number, row in found.items():
        if row.paid_through is not None:
            yield ForecastItem(
                number, Kind.DOMAIN, row.domain_id, row.paid_through, row.own_slot,
                row.own_months, None, claimed=bool(row.own_under_way),
                elsewhere=row.own_verdict in (None, Verdict.WILL_RENEW),
            )  # fmt: skip
