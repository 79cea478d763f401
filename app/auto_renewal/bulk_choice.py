"""A choice for many, and which subscriptions it would change."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, not_

from app.auto_renewal.models import BulkChange
from app.subscriptions.models import Subscription


@dataclass(frozen=True)
class BulkChoice:
    """A choice for many, under the names that `BulkChange` keeps it by.

    Switching off keeps all but the switch. Where it is on, months that are None stay as each has
    them, and so do contact and card unless `names_card`; those two are the payer's own.
    """

    on: bool
    months: int | None = None
    billed_organization_id: int | None = None
    names_card: bool = False
    billing_contact_id: int | None = None
    card_id: int | None = None


def as_chosen(choice: BulkChoice | BulkChange) -> ColumnElement[bool]:
    """Whether a subscription is as a choice would have it; switching off looks at nothing else."""
    if not choice.on:
        return Subscription.auto_renewal.is_(False)
    same = [
        Subscription.auto_renewal.is_(True),
        Subscription.billed_organization_id.is_not_distinct_from(choice.billed_organization_id),
    ]
    if choice.months is not None:
        same.append(Subscription.renewal_months == choice.months)
    if choice.names_card:
        same.append(Subscription.billing_contact_id.is_not_distinct_from(choice.billing_contact_id))
        same.append(Subscription.card_id.is_not_distinct_from(choice.card_id))
    return and_(*same)


def changed_by(choice: BulkChoice) -> ColumnElement[bool]:
    """Whether a subscription's choice would be changed."""
    return not_(as_chosen(choice))


def switched_by(choice: BulkChoice) -> ColumnElement[bool]:
    """Whether a subscription would be switched on, or off."""
    return Subscription.auto_renewal.is_(not choice.on)


def number_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows are like that, as a column."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
