"""Reads of subscriptions and prices."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import Kind


def prices(session: Session) -> "PriceList":
    """The whole catalogue, in one statement."""
    rows = session.execute(select(Price.kind, Price.extension, Price.months, Price.price))
    return PriceList({(kind, extension, months): price for kind, extension, months, price in rows})


class PriceList:
    """Catalogue prices in minor units, by kind, extension and months."""

    def __init__(self, known: dict[tuple[Kind, str, int], int]) -> None:
        self._known = known

    def of(self, kind: Kind, extension: str, months: int) -> int | None:
        """The price of a period, or None where it is not for sale.

        Several years of a domain without a price of their own cost that many times one year.
        """
        extension = extension if kind is Kind.DOMAIN else ""
        exact = self._known.get((kind, extension, months))
        if exact is not None or kind is not Kind.DOMAIN:
            return exact
        one_year = self._known.get((kind, extension, 12))
        return None if one_year is None else one_year * (months // 12)


def of_domain(session: Session, domain_id: int) -> Subscription | None:
    """A domain's own subscription; None for a name registered elsewhere."""
    return session.scalars(
        select(Subscription).where(
            Subscription.domain_id == domain_id, Subscription.kind == Kind.DOMAIN
        )
    ).one_or_none()
