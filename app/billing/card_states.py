"""What can be said of a card: whether it is charged, and if not, why (R14, A-5)."""

from datetime import date
from enum import StrEnum

from app.billing.rules import CardFacts, last_valid_day

# From this many days before its last one, a card counts as ending.
ENDING_WITHIN = 31


class CardState(StrEnum):
    """The worst that is true of a card; only the last two are charged by themselves."""

    UNUSABLE = "unusable"
    NOT_VALIDATED = "not_validated"
    EXPIRED = "expired"
    NO_GATEWAY = "no_gateway"
    OFF = "off"
    ENDING = "ending"
    VALID = "valid"


def card_state(card: CardFacts, day: date, *, has_gateway: bool) -> CardState:
    """The state of a card on a day; `has_gateway` tells whether its gateway is in place here."""
    left = (last_valid_day(card.exp_year, card.exp_month) - day).days
    if card.unusable:
        return CardState.UNUSABLE
    if not card.validated:
        return CardState.NOT_VALIDATED
    if left < 0:
        return CardState.EXPIRED
    if not has_gateway:
        return CardState.NO_GATEWAY
    if not card.auto_debit:
        return CardState.OFF
    return CardState.ENDING if left < ENDING_WITHIN else CardState.VALID
