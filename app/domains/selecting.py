"""Which domains of an organization are ticked in this browser."""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, literal, select

from app.domains.forms import read_filter
from app.domains.models import Domain
from app.domains.queries import DomainFilter, and_subscription, with_subscription
from app.selections import queries as selections
from app.selections.queries import Ticks
from app.web.listing import Selected


def scope_of(organization_id: int) -> str:
    """The name of an organization's domain list among a browser's selections."""
    return f"domains:{organization_id}"


def is_ticked(found: Ticks) -> ColumnElement[bool]:
    """Whether a domain, joined with its subscription, is ticked."""
    return found.among(Domain.id, read_filter(found.matching or {}).conditions())


def ticked(organization_id: int, found: Ticks, columns: Select[*tuple[Any, ...]]) -> Selected:
    """Columns of an organization's ticked domains and their subscriptions, if they have one."""
    rows = selections.ticked(
        columns,
        found,
        Domain.id,
        within=(Domain.organization_id, organization_id),
        conditions=read_filter(found.matching or {}).conditions(),
    )
    return and_subscription(rows)


def named(
    organization_id: int, name: str, columns: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    """The same columns of one domain, ticked or not; of an organization's only."""
    mine = Domain.name == name, Domain.organization_id == organization_id
    return and_subscription(columns.select_from(Domain).where(*mine))


def how_many(organization_id: int, found: Ticks) -> ColumnElement[int]:
    """How many of an organization's domains are ticked, as a column."""
    if found.selection_id is None:
        return literal(0)
    return selections.counted(ticked(organization_id, found, select(Domain.id)))


def how_many_match(organization_id: int, chosen: DomainFilter) -> ScalarSelect[int]:
    """How many of an organization's domains a filter finds, exactly, as a column."""
    statement = with_subscription(select(Domain.id))
    return selections.counted(
        chosen.apply(statement.where(Domain.organization_id == organization_id))
    )
