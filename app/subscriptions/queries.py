"""Reads of subscriptions and prices."""

from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import Kind, price_to_pay

# What lists read to tell a verdict, as `words.warnings` wants it.
FORESEEN = (
    Subscription.verdict,
    Subscription.missing,
    Subscription.billed_organization_id.label("payer_id"),
)


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

    def to_pay(
        self, kind: Kind, extension: str, months: int, announced: int | None, told_for: int | None
    ) -> int | None:
        """What renewing by itself costs; `announced` counts for periods of `told_for` months."""
        catalogue = self.of(kind, extension, months)
        return price_to_pay(announced if told_for == months else None, catalogue)


def of_domain(session: Session, domain_id: int) -> Subscription | None:
    """A domain's own subscription; None for a name registered elsewhere."""
    return session.scalars(
        select(Subscription).where(
            Subscription.domain_id == domain_id, Subscription.kind == Kind.DOMAIN
        )
    ).one_or_none()


def payers_of_mailboxes(session: Session, domain_ids: Collection[int] | Select[int]) -> set[int]:
    """Organizations that pay for mailboxes on these domains which are switched on."""
    found = session.scalars(
        select(Subscription.billed_organization_id)
        .where(
            Subscription.domain_id.in_(domain_ids),
            Subscription.kind == Kind.MAILBOX,
            Subscription.auto_renewal.is_(True),
        )
        .distinct()
    )
    return {payer for payer in found if payer is not None}


def payers_concerned(session: Session, subscription_ids: Collection[int] | Select[int]) -> set[int]:
    """Organizations whose wallets these subscriptions bear on (R18).

    Those are who pays for them, and who pays for mailboxes that live on the domains among them.
    """
    these = select(Subscription).where(Subscription.id.in_(subscription_ids))
    own = session.scalars(these.with_only_columns(Subscription.billed_organization_id).distinct())
    domains = these.with_only_columns(Subscription.domain_id).where(
        Subscription.kind == Kind.DOMAIN
    )
    payers = {payer for payer in own if payer is not None}
    return payers | payers_of_mailboxes(session, domains)
