"""What pays where neither contact nor card is named, and which card where the wallet is short."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.billing.models import Card
from app.billing.queries import chargeable_cards, contacts
from app.billing.rules import cards_to_try


@dataclass(frozen=True)
class Usual:
    """A payer's default contact, and the card that is charged first, if there are any."""

    contact: str | None
    card: Card | None


def usual(session: Session, payer_id: int, today: date) -> Usual:
    """What invoices of a payer are made out to, and which card is charged, as things stand."""
    contact = next((one.name for one in contacts(session, payer_id)), None)
    return Usual(contact, first_card(session, payer_id, today))


@dataclass(frozen=True)
class Resting:
    """A card that is named but not charged, whether because it is switched off, and who pays."""

    is_off: bool
    paying: Card | None


def resting(session: Session, payer_id: int, card_id: int, today: date) -> Resting | None:
    """Why the named card of a payer would not be charged today; None where it would."""
    paying = first_card(session, payer_id, today, card_id)
    if paying is not None and paying.id == card_id:
        return None
    return Resting(not session.get_one(Card, card_id).auto_debit, paying)


def first_card(
    session: Session, payer_id: int, day: date, wanted: int | None = None
) -> Card | None:
    """The card that is charged first on a day when the wallet is short; None where none is (R13b).

    `wanted` is one that is named, which comes first if it can be charged.
    """
    usable = cards_to_try(chargeable_cards(session, payer_id), day, [wanted])
    return session.get_one(Card, usable[0].id) if usable else None
