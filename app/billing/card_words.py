"""What the states of cards are called, in the reader's language."""

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext

from app.billing.card_queries import CardRow
from app.billing.card_states import CardState
from app.web.i18n import day

# Why banks refuse a card for good, by the codes of gateways; other words are shown as they came.
_REASONS = {
    "card_not_supported": _l("card not accepted"),
    "currency_not_supported": _l("card not accepted in this currency"),
    "do_not_try_again": _l("card refused for good"),
    "expired_card": _l("card expired"),
    "generic_decline": _l("no reason given"),
    "incorrect_number": _l("wrong card number"),
    "invalid_account": _l("account closed"),
    "invalid_number": _l("wrong card number"),
    "lost_card": _l("lost card"),
    "stolen_card": _l("stolen card"),
    "revocation_of_all_authorizations": _l("you withdrew your permission"),
    "revocation_of_authorization": _l("you withdrew your permission"),
    "stop_payment_order": _l("you withdrew your permission"),
    "transaction_not_allowed": _l("payment not allowed with this card"),
}


@dataclass(frozen=True)
class Told:
    """A state in a word or two with its colour, and in a sentence where something is to be done."""

    word: str
    tone: str
    advice: str | None = None


def state(card: CardRow) -> Told:
    """The state of a card."""
    known = {
        CardState.VALID: Told(_("Valid"), "green"),
        CardState.OFF: Told(
            _("Valid"), "grey", _("Not charged by itself: auto-debit is off.")
        ),
        CardState.ENDING: Told(
            _("Ends soon"), "amber",
            _("Good until %(day)s. Add the new card before that day.", day=day(card.last_day)),
        ),
        CardState.EXPIRED: Told(
            pgettext("card", "Expired"), "red",
            _("Not charged any more. Add the new card, then remove this one."),
        ),
        CardState.UNUSABLE: Told(
            _("Refused by the bank"), "red",
            _("The bank refused it for good, so it is not charged any more. Add another card. "
              "The bank’s words: %(reason)s", reason=_reason(card.unusable_because)),
        ),
        CardState.NOT_VALIDATED: Told(
            _("Not validated"), "amber",
            _("Not charged, because the bank has not confirmed it. Add it again."),
        ),
        CardState.NO_GATEWAY: Told(
            _("Cannot be charged"), "amber",
            _("It was saved with another payment service. Add it again to have it charged."),
        ),
    }  # fmt: skip
    return known[card.state]


def _reason(said: str | None) -> str:
    code = (said or "").strip().lower().replace(" ", "_")
    return str(_REASONS.get(code, said))


def place(card: CardRow) -> str:
    """Its place in the order in which cards are charged."""
    if card.place == 0:
        return str(pgettext("card", "Default"))
    return str(_("Backup %(number)s", number=card.place))


def name(card: CardRow) -> str:
    """The card with the name its customer gave it."""
    return f"{card.told} – {card.label}" if card.label else card.told
