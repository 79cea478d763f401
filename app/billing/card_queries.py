"""Reads of cards for their pages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing.card_states import CardState, card_state
from app.billing.models import Card
from app.billing.payment_models import CardSetup
from app.billing.payments import told
from app.billing.ports import gateways
from app.billing.rules import CardFacts, last_valid_day


@dataclass(frozen=True)
class CardRow:
    """A card as its pages tell of it; `place` counts from 0, the default."""

    id: int
    public_id: str
    organization_id: int
    told: str
    label: str | None
    holder: str
    last_day: date
    place: int
    auto_debit: bool
    state: CardState
    unusable_because: str | None

    @property
    def chargeable(self) -> bool:
        """Whether it can be charged at all, be it by itself or when its customer asks."""
        return self.usable or self.state is CardState.OFF

    @property
    def usable(self) -> bool:
        """Whether it is charged by itself when money is missing."""
        return self.state in (CardState.VALID, CardState.ENDING)


@dataclass(frozen=True)
class SetupRow:
    """A card on its way; `hosted_url` is the gateway's page."""

    id: int
    organization_id: int
    hosted_url: str | None


def cards_of(session: Session, organization_id: int, day: date) -> list[CardRow]:
    """An organization's cards in their order, with their states on a day."""
    cards = session.scalars(
        select(Card)
        .where(Card.organization_id == organization_id)
        .order_by(Card.rank, Card.id)
        .execution_options(populate_existing=True)
    )
    return [_row(card, place, day) for place, card in enumerate(cards)]


def card_of(
    session: Session, organization_ids: Collection[int], public_id: str, day: date
) -> tuple[CardRow, list[CardRow]] | None:
    """The card of that id if one of the organizations has it, and all cards beside it."""
    owner = session.scalar(
        select(Card.organization_id).where(
            Card.public_id == public_id, Card.organization_id.in_(organization_ids)
        )
    )
    if owner is None:
        return None
    beside = cards_of(session, owner, day)
    return next(card for card in beside if card.public_id == public_id), beside


def setup_of(
    session: Session, organization_ids: Collection[int], public_id: str
) -> SetupRow | None:
    """The card on its way of that id if one of the organizations asked for it."""
    row = session.execute(
        select(CardSetup.id, CardSetup.organization_id, CardSetup.hosted_url).where(
            CardSetup.public_id == public_id, CardSetup.organization_id.in_(organization_ids)
        )
    ).one_or_none()
    return SetupRow(*row) if row else None


def cards_elsewhere_for_staff(session: Session) -> list[tuple[str, int]]:
    """Gateways that are not in place here, each with the number of its cards."""
    rows = session.execute(
        select(Card.gateway, func.count())
        .where(Card.gateway.not_in(list(gateways())))
        .group_by(Card.gateway)
        .order_by(Card.gateway)
    )
    return [(gateway, number) for gateway, number in rows]


def _row(card: Card, place: int, day: date) -> CardRow:
    facts = CardFacts(
        card.id, card.exp_year, card.exp_month, card.validated, card.auto_debit,
        card.unusable_because is not None, card.rank,
    )  # fmt: skip
    return CardRow(
        card.id,
        card.public_id,
        card.organization_id,
        told(card),
        card.label,
        card.holder,
        last_valid_day(card.exp_year, card.exp_month),
        place,
        card.auto_debit,
        card_state(facts, day, has_gateway=card.gateway in gateways()),
        card.unusable_because,
    )
