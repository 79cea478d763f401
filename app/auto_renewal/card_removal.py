"""Removing a card: what depends on it, and what becomes of that (R22)."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.auto_renewal.models import BulkChange, BulkChangeRow
from app.billing import cards
from app.billing.card_queries import CardRow
from app.billing.models import Wallet
from app.journal.models import JournalRow
from app.subscriptions.models import Subscription

# Names shown of those that name a card; the others are counted.
SHOWN = 20


@dataclass(frozen=True)
class Dependents:
    """What depends on a card.

    `naming` domains name it, `names` are the first of them. `relying` renew by themselves from the
    card's wallet, which no other card could fill; so does an `auto_top_up`.
    """

    naming: int
    names: tuple[str, ...]
    relying: int
    auto_top_up: bool


def dependents(session: Session, card: CardRow, beside: Collection[CardRow]) -> Dependents:
    """What depends on a card, given all cards of its organization."""
    naming = session.scalars(
        select(func.count()).select_from(Subscription).where(Subscription.card_id == card.id)
    ).one()
    names = session.scalars(
        select(Subscription.subject)
        .where(Subscription.card_id == card.id)
        .order_by(Subscription.expires_on, Subscription.id)
        .limit(SHOWN)
    ).all()
    if not card.usable or any(one.usable for one in beside if one.id != card.id):
        return Dependents(naming, tuple(names), 0, auto_top_up=False)
    relying = session.scalars(
        select(func.count())
        .select_from(Subscription)
        .where(
            Subscription.billed_organization_id == card.organization_id, Subscription.auto_renewal
        )
    ).one()
    tops_up = session.scalar(
        select(
            exists().where(
                Wallet.organization_id == card.organization_id,
                Wallet.auto_top_up_below.is_not(None),
            )
        )
    )
    return Dependents(naming, tuple(names), relying, auto_top_up=tops_up is True)


def remove_card(session: Session, card: CardRow, context: Context) -> None:
    """Take the card out of all choices, also those that an undo would bring back, and remove it.

    Raises cards.NoCard when it is gone already.
    """
    named = session.execute(
        select(Subscription.id, Subscription.organization_id, Subscription.subject)
        .where(Subscription.card_id == card.id)
        .order_by(Subscription.id)
        .with_for_update()
    ).all()
    for table in (Subscription, BulkChange, BulkChangeRow):
        session.execute(
            update(table)
            .where(table.card_id == card.id)
            .values(card_id=None)
            .execution_options(synchronize_session=False)
        )
    if named:
        session.execute(
            insert(JournalRow),
            [
                {
                    "at": context.now, "event": "auto_renewal.card_removed",
                    "organization_id": row.organization_id, "subject": row.subject,
                    "user_id": context.by.user_id, "run_id": context.by.run_id,
                    "detail": {"card": card.told},
                }
                for row in named
            ],
        )  # fmt: skip
    cards.remove(session, card.organization_id, card.public_id, context)


def was_removed(session: Session, organization_ids: Collection[int], card_public_id: str) -> bool:
    """Whether one of the organizations had such a card, so that a second click is no riddle."""
    found = session.scalar(
        select(
            exists().where(
                JournalRow.organization_id.in_(organization_ids),
                JournalRow.event == "card.removed",
                JournalRow.detail["card"].as_string() == card_public_id,
            )
        )
    )
    return found is True
