"""What pays for a domain that names neither contact nor card."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.billing.models import Card
from app.billing.queries import cards, chargeable_cards, contacts
from app.billing.rules import cards_to_try


@dataclass(frozen=True)
class Usual:
    """A payer's default contact, and the card that is charged first, if there are any."""

    contact: str | None
    card: Card | None


def usual(session: Session, payer_id: int, today: date) -> Usual:
    """What invoices of a payer are made out to, and which card is charged, as things stand."""
    contact = next((one.name for one in contacts(session, payer_id)), None)
    first = next(iter(cards_to_try(chargeable_cards(session, payer_id), today)), None)
    found = [one for one in cards(session, payer_id) if first and one.id == first.id]
    return Usual(contact, next(iter(found), None))
