"""The next attempt day as an SQL expression, for changes of many subscriptions at once (R6, R7)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Case, Date, case, literal, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.accounts.installation import terms
from app.db import transaction
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.renewals.rules import DOMAIN_ATTEMPT_DAYS, MAILBOX_FIRST_DAY
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind

DAYS = {Kind.DOMAIN: DOMAIN_ATTEMPT_DAYS, Kind.MAILBOX: tuple(range(MAILBOX_FIRST_DAY, 0, -1))}


class days_before(FunctionElement[date]):  # noqa: N801 - named as SQL functions are
    """`days_before(day, count)`: the day `count` days earlier."""

    type = Date()
    name = "days_before"
    inherit_cache = True


@compiles(days_before, "sqlite")
def _sqlite(element: days_before, compiler: Any, **more: Any) -> str:
    day, count = (compiler.process(clause, **more) for clause in element.clauses)
    return f"date({day}, '-' || {count} || ' days')"


@compiles(days_before, "postgresql")
def _postgresql(element: days_before, compiler: Any, **more: Any) -> str:
    day, count = (compiler.process(clause, **more) for clause in element.clauses)
    return f"({day} - {count}::integer)"


def next_slot(kind: Kind, today: date) -> Case[Any]:
    """`rules.next_attempt_day` of each subscription: its first attempt day from today, or NULL."""
    ways = [days_before(Subscription.expires_on, literal(count)) for count in DAYS[kind]]
    return case(*((day >= today, day) for day in ways), else_=None)


def restore_slots(now: datetime, _run_id: int) -> int:
    """Once a day, give a slot to whatever is switched on and has attempt days left, but no slot.

    There should be none: nobody is forgotten, even by a mistake of ours. How many there were.
    """
    today, restored = terms().today(now), 0
    with transaction() as session:
        for kind in Kind:
            slot = next_slot(kind, today)
            found = session.execute(
                update(Subscription)
                .where(
                    Subscription.kind == kind,
                    Subscription.auto_renewal.is_(True),
                    Subscription.next_slot_on.is_(None),
                    slot.is_not(None),
                    Subscription.domain_id.not_in(
                        select(Domain.id).where(Domain.status == DomainStatus.GONE)
                    ),
                )
                .values(next_slot_on=slot)
                .returning(Subscription.id)
                .execution_options(synchronize_session=False)
            )
            restored += len(found.all())
    return restored
