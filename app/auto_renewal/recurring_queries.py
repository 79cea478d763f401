"""What *Recurring payment* would do to the ticked domains, counted by the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Case,
    ColumnElement,
    Subquery,
    case,
    exists,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.orm import Session

from app.auto_renewal.bulk_choice import BulkChoice, changed_by, switched_by
from app.domains import selecting
from app.domains.models import Domain
from app.domains.queries import and_subscription
from app.domains.rules import DomainStatus
from app.renewals.models import Attempt
from app.renewals.rules import DOMAIN_ATTEMPT_DAYS, Trigger
from app.renewals.slots import days_before, next_slot
from app.selections.queries import Ticks
from app.selections.sets import mixed_sum, named
from app.subscriptions.models import Price, Subscription
from app.subscriptions.queries import PriceList
from app.subscriptions.rules import Kind
from app.web.listing import Found, Selected


class Stop(StrEnum):
    """Why a ticked domain cannot be switched on."""

    EXTERNAL = "external"
    GONE = "gone"
    TRANSFERRING = "transferring"
    NO_PRICE = "no_price"


def stop() -> Case[str]:
    """The `Stop` of a domain, as a column; NULL where nothing is in the way."""
    has_price = exists().where(
        Price.kind == Kind.DOMAIN,
        Price.extension == Domain.extension,
        # Several years without a price of their own cost that many times one year.
        Price.months.in_((12, Subscription.renewal_months)),
    )
    return case(
        (Subscription.id.is_(None), _text(Stop.EXTERNAL)),
        (Domain.status == DomainStatus.GONE, _text(Stop.GONE)),
        (Domain.status == DomainStatus.TRANSFERRING, _text(Stop.TRANSFERRING)),
        (~has_price, _text(Stop.NO_PRICE)),
        else_=None,
    )


@dataclass(frozen=True)
class Survey:
    """The ticked domains, counted now; amounts in minor units.

    `seen` names exactly this set. `changing`, of which `switched` ones are off now,
    and `already` are what will renew by itself then; `expired` ones of them have to be renewed by
    hand first. `stops` counts the others. `once` is the price of renewing once all that is charged
    by itself.
    """

    number: int
    seen: str
    changing: int
    switched: int
    already: int
    expired: int
    stops: dict[Stop, int]
    first_charge_on: date | None
    per_year: int
    once: int


def survey(
    session: Session,
    organization_id: int,
    found: Ticks,
    choice: BulkChoice,
    *,
    today: date,
    prices: PriceList,
) -> Survey:
    """Count what `choice` would do, in one statement."""
    rows = _rows(organization_id, found, choice, today)
    group = (rows.c.stop, rows.c.changing, rows.c.switched, rows.c.extension, rows.c.months)
    groups = session.execute(
        select(
            *group,
            func.count().label("number"),
            mixed_sum(rows.c.id).label("ids"),
            func.count(rows.c.charge_on).label("charged"),
            func.min(rows.c.charge_on).label("first"),
        ).group_by(*group)
    ).all()
    going = [one for one in groups if one.stop is None]
    number = sum(one.number for one in groups)
    return Survey(
        number=number,
        seen=named(number, sum(int(one.ids) for one in groups)),
        changing=sum(one.number for one in going if one.changing),
        switched=sum(one.number for one in going if one.switched),
        already=sum(one.number for one in going if not one.changing),
        expired=sum(one.number - one.charged for one in going),
        stops=_stops(groups),
        first_charge_on=min((one.first for one in going if one.first), default=None),
        per_year=sum(_price(prices, one) * one.number * 12 // one.months for one in going),
        once=sum(_price(prices, one) * one.charged for one in going),
    )


def ticked(session: Session, organization_id: int, found: Ticks, most: int) -> Sequence[Found]:
    """The first ticked domains by name, with their expiry and what is in the way."""
    columns = _told().add_columns(true().label("ticked"))
    return _first(session, selecting.ticked(organization_id, found, columns), most)


def listed(
    session: Session, organization_id: int, found: Ticks, ids: Collection[int]
) -> Sequence[Found]:
    """These of an organization's domains, likewise, each with whether it is `ticked`."""
    mine = Domain.id.in_(ids), Domain.organization_id == organization_id
    columns = _told().add_columns(selecting.is_ticked(found).label("ticked"))
    statement = and_subscription(columns.select_from(Domain).where(*mine))
    return _first(session, statement, len(ids))


def _told() -> Selected:
    return select(Domain.id, Domain.name, Subscription.expires_on, stop().label("stop"))


def stopped(session: Session, organization_id: int, found: Ticks, most: int) -> Sequence[Found]:
    """The first ticked domains that cannot be switched on, by name, and why."""
    columns = select(Domain.name, stop().label("stop"))
    statement = selecting.ticked(organization_id, found, columns)
    return _first(session, statement.where(stop().is_not(None)), most)


@dataclass(frozen=True)
class Late:
    """Domains that are charged after a card's last day: how many, and the first names."""

    number: int
    names: tuple[str, ...]


def charged_after(
    session: Session, organization_id: int, found: Ticks, day: date, *, today: date, most: int
) -> Late:
    """Ticked domains whose next charge, or else their usual first day, comes after `day`."""
    usual = days_before(Subscription.expires_on, literal_column(str(DOMAIN_ATTEMPT_DAYS[0])))
    due = func.coalesce(_charge_on(today), usual)
    columns = select(Domain.name, func.count().over().label("number"))
    statement = selecting.ticked(organization_id, found, columns).where(stop().is_(None), due > day)
    rows = _first(session, statement, most)
    return Late(rows[0].number if rows else 0, tuple(row.name for row in rows))


def _rows(organization_id: int, found: Ticks, choice: BulkChoice, today: date) -> Subquery:
    return selecting.ticked(
        organization_id,
        found,
        select(
            Domain.id,
            Domain.extension,
            Subscription.renewal_months.label("months"),
            stop().label("stop"),
            changed_by(choice).label("changing"),
            switched_by(choice).label("switched"),
            _charge_on(today).label("charge_on"),
        ),
    ).subquery()


def _charge_on(today: date) -> Case[Any]:
    """The day of the next attempt; today only if today's is not over (R7)."""
    tried_today = exists().where(
        Attempt.subscription_id == Subscription.id,
        Attempt.cur_expires_on == Subscription.expires_on,
        Attempt.business_date == today,
        Attempt.trigger == Trigger.DAILY,
    )
    tomorrow = next_slot(Kind.DOMAIN, today + timedelta(days=1))
    return case((tried_today, tomorrow), else_=next_slot(Kind.DOMAIN, today))


def _stops(groups: Sequence[Found]) -> dict[Stop, int]:
    counted = {one: sum(row.number for row in groups if row.stop == one) for one in Stop}
    return {one: number for one, number in counted.items() if number}


def _price(prices: PriceList, group: Found) -> int:
    return prices.of(Kind.DOMAIN, group.extension, group.months) or 0


def _first(session: Session, statement: Selected, most: int) -> Sequence[Found]:
    return session.execute(statement.order_by(Domain.name).limit(most)).all()


def _text(value: Stop) -> ColumnElement[str]:
    # Written out, since PostgreSQL cannot tell the type of several unknown values.
    return literal_column(f"'{value.value}'")
