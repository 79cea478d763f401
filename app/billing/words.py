"""What the codes of money are called: on pages, in files, in mails and in commands."""

from decimal import Decimal
from typing import Protocol
from urllib.parse import quote, urlencode

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from app.billing.rules import Decline, EntryKind, PaymentState
from app.lib.amounts import Slip
from app.lib.money import EXPONENTS
from app.web.i18n import language, money

KINDS = {
    EntryKind.OPENING_BALANCE: _l("Opening balance"),
    EntryKind.RENEWAL: _l("Renewals"),
    EntryKind.TOP_UP: _l("Top-ups"),
    EntryKind.CARD_CHARGE: _l("Automatic card charges"),
    EntryKind.TRANSFER: _l("Bank transfers"),
    EntryKind.REFUND: _l("Refunds"),
    EntryKind.DISPUTE: _l("Payments taken back by a bank"),
    EntryKind.DISPUTE_WON: _l("Payments given back by a bank"),
    EntryKind.CORRECTION: _l("Corrections by the host"),
    EntryKind.VAT: _l("VAT"),
}
_STATES = {
    PaymentState.CREATED: (_l("Being checked"), "amber"),
    PaymentState.WAITING: (_l("Waiting"), "amber"),
    PaymentState.UNKNOWN: (_l("Being checked"), "amber"),
    PaymentState.CAPTURED: (lazy_pgettext("payment", "Paid"), "green"),
    PaymentState.DECLINED: (_l("Declined"), "red"),
    PaymentState.ABANDONED: (_l("Given up"), "grey"),
}

# Movements of a card that was entered on the gateway's page: all that is known of it is an id.
_BY_CARD = {
    EntryKind.TOP_UP: _l("Top-up by card"),
    EntryKind.REFUND: _l("Refund to the card"),
    EntryKind.DISPUTE: _l("Card payment taken back by the bank"),
    EntryKind.DISPUTE_WON: _l("Card payment given back by the bank"),
}


class Movement(Protocol):
    """What a line of a statement says of itself; `ref` is what it is about, in words."""

    @property
    def kind(self) -> EntryKind: ...

    @property
    def ref(self) -> str: ...

    @property
    def payment(self) -> str | None: ...


def told(movement: Movement) -> str:
    """A movement of money as a line of a statement: ``Renewal of example.org``."""
    if movement.ref == movement.payment and movement.kind in _BY_CARD:
        return str(_BY_CARD[movement.kind])
    known = {
        EntryKind.OPENING_BALANCE: _("Opening balance"),
        EntryKind.RENEWAL: _("Renewal of %(name)s", name=movement.ref),
        EntryKind.TOP_UP: _("Top-up: %(what)s", what=movement.ref),
        EntryKind.CARD_CHARGE: _("Charged automatically: %(what)s", what=movement.ref),
        EntryKind.TRANSFER: _("Bank transfer: %(what)s", what=movement.ref),
        EntryKind.REFUND: _("Refund: %(what)s", what=movement.ref),
        EntryKind.DISPUTE: _("Taken back by the bank: %(what)s", what=movement.ref),
        EntryKind.DISPUTE_WON: _("Given back by the bank: %(what)s", what=movement.ref),
        EntryKind.CORRECTION: _("Correction by the host: %(what)s", what=movement.ref),
        EntryKind.VAT: _("VAT: %(what)s", what=movement.ref),
    }
    return known[movement.kind]


def about(movement: Movement) -> str | None:
    """The address of what a movement is about; None where it has no page."""
    if movement.kind is EntryKind.RENEWAL:
        return (
            f"/{'mailboxes' if '@' in movement.ref else 'domains'}/{quote(movement.ref, safe='@')}"
        )
    return f"/billing/payments/{movement.payment}" if movement.payment else None


def state(code: PaymentState) -> str:
    """What a payment's state is called."""
    return str(_STATES[code][0])


def tone(code: PaymentState) -> str:
    """The colour of a payment's state."""
    return _STATES[code][1]


def grouped(reference: str) -> str:
    """A reference as people read it aloud and copy it: by fours."""
    return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))


def bad_amount(slip: Slip, currency: str, most: int) -> str:
    """Why an amount was not understood, and what to write instead."""
    example = ("12,50" if language() == "fr" else "12.50")[: 5 if EXPONENTS[currency] else 2]
    known = {
        Slip.EMPTY: _("Enter an amount."),
        Slip.NOT_A_NUMBER: _(
            "This is not an amount. Write it in digits, for example %(example)s.", example=example
        ),
        Slip.NEGATIVE: _("Give an amount above zero, without a minus sign."),
        Slip.ZERO: _("The amount must be more than zero."),
        Slip.TOO_MANY_DECIMALS: _decimals(currency),
        Slip.TOO_MUCH: _("The most is %(most)s at a time.", most=money(most, currency)),
        Slip.OTHER_CURRENCY: _("Your wallet is in %(currency)s: give the amount in %(currency)s.",
                               currency=currency),
    }  # fmt: skip
    return known[slip]


def as_typed(amount: int, currency: str) -> str:
    """Minor units as the reader would type them into a field."""
    text = f"{Decimal(amount).scaleb(-EXPONENTS[currency]):f}"
    return text.replace(".", ",") if language() == "fr" else text


def top_up_path(amount: int, currency: str) -> str:
    """The page where money is paid in, with an amount in minor units filled in, if there is one."""
    query = urlencode({"amount": as_typed(amount, currency)}) if amount > 0 else ""
    return f"/billing/top-up?{query}".rstrip("?")


def _decimals(currency: str) -> str:
    if not EXPONENTS[currency]:
        return _("%(currency)s has no decimals: give a whole amount.", currency=currency)
    return _(
        "Give at most %(number)s decimals, and no point or comma between thousands.",
        number=EXPONENTS[currency],
    )


def after_decline(decline: Decline | None) -> str:
    """What a customer can do about a payment that was declined."""
    known = {
        Decline.SOFT: _("Nothing was taken. Try again later, or use another card."),
        Decline.HARD: _("Nothing was taken. The bank refuses this card for good: use another one."),
        Decline.AUTHENTICATION: _(
            "Nothing was taken. The bank wants you to confirm this payment yourself."
        ),
    }
    return known[decline or Decline.SOFT]
