"""Why the condition of an alert has gone, where several types ask the same."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.orm import Session

from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.subscriptions.models import Subscription


def of_subscriptions(
    session: Session,
    subscription_ids: Collection[int],
    *reasons: tuple[ColumnElement[bool], str],
    otherwise: str,
) -> dict[int, str]:
    """Code by subscription: gone with its domain (R19), else the first reason that holds.

    A reason is a condition on `Subscription` and its code; `otherwise` is for where none holds.
    """
    why = case((Domain.status != DomainStatus.ACTIVE, "gone"), *reasons, else_=otherwise)
    rows = session.execute(
        select(Subscription.id, why)
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(Subscription.id.in_(subscription_ids))
    )
    return dict.fromkeys(subscription_ids, "gone") | dict(rows.all())
