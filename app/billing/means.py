"""By what a customer can pay in: saved cards, another card, a bank transfer."""

from collections import Counter
from datetime import date

from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from app.billing import payment_queries as queries
from app.billing.payment_queries import CardToPayWith
from app.db import db

# What a choice is called that is no saved card; ids of cards never look like these.
ANOTHER_CARD, TRANSFER = "another-card", "transfer"


def means_of(organization_id: int, day: date) -> list[SelectChoice]:
    """The choices of an organization on a day, the usual one first."""
    cards = queries.cards_to_pay_with(db.session(), organization_id, day)
    alike = Counter(_name(card) for card in cards)
    found = [
        SelectChoice(card.public_id, _told_apart(card) if alike[_name(card)] > 1 else _name(card))
        for card in cards
    ]
    if queries.page_gateway():
        label = _("Another card") if found else _("Card")
        found.append(SelectChoice(ANOTHER_CARD, label))
    if queries.transfer_gateway():
        found.append(SelectChoice(TRANSFER, _("Bank transfer")))
    return found


def _name(card: CardToPayWith) -> str:
    return f"{card.told} – {card.label}" if card.label else card.told


def _told_apart(card: CardToPayWith) -> str:
    """With its last month: two cards of one brand may end in the same digits."""
    until = f"{card.last_day:%m/%Y}"
    return str(_("%(card)s, valid until %(until)s", card=_name(card), until=until))


def split(means: str) -> tuple[str, str | None]:
    """The gateway of a choice, and the public id of its card if it is a saved one."""
    if means == TRANSFER:
        return queries.transfer_gateway() or "", None
    return queries.page_gateway() or "", None if means == ANOTHER_CARD else means
