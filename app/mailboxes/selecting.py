"""Which mailboxes of a domain are ticked in this browser."""

from sqlalchemy import ColumnElement, ScalarSelect, Select, literal, select

from app.mailboxes.forms import read_filter
from app.mailboxes.models import Mailbox
from app.mailboxes.queries import MailboxFilter
from app.selections import queries as selections
from app.selections.queries import Ticks
from app.subscriptions.models import Subscription


def scope_of(domain_id: int) -> str:
    """The name of a domain's mailbox list among a browser's selections."""
    return f"mailboxes:{domain_id}"


def is_ticked(found: Ticks) -> ColumnElement[bool]:
    """Whether a mailbox, joined with its subscription, is ticked."""
    return found.among(Mailbox.id, read_filter(found.matching or {}).conditions())


def ticked(domain_id: int, found: Ticks) -> Select[int]:
    """The ids of the subscriptions of a domain's ticked mailboxes."""
    rows = selections.ticked(
        select(Mailbox.subscription_id),
        found,
        Mailbox.id,
        within=(Mailbox.domain_id, domain_id),
        conditions=read_filter(found.matching or {}).conditions(),
    )
    # Only filters ask for what a subscription knows.
    named = found.matching is None
    return rows if named else rows.join(Subscription, Subscription.id == Mailbox.subscription_id)


def how_many(domain_id: int, found: Ticks) -> ColumnElement[int]:
    """How many of a domain's mailboxes are ticked, as a column."""
    if found.selection_id is None:
        return literal(0)
    return selections.counted(ticked(domain_id, found))


def how_many_match(domain_id: int, chosen: MailboxFilter) -> ScalarSelect[int]:
    """How many of a domain's mailboxes a filter finds, exactly, as a column."""
    statement = select(Subscription.id).join(Mailbox, Mailbox.subscription_id == Subscription.id)
    return selections.counted(statement.where(Mailbox.domain_id == domain_id, *chosen.conditions()))
