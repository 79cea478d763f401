"""Stripe's objects, as plain dictionaries, put into the words of the port; no calls are made here.

Codes: docs.stripe.com/declines/codes, objects: docs.stripe.com/api. Stripe writes currencies in
small letters, we in capitals.
"""

from collections.abc import Mapping
from typing import Any

from app.billing.ports import (
    Abandoned,
    CardDetails,
    Declined,
    Dispute,
    Money,
    Paid,
    Refunded,
    Refused,
    Unknown,
    Waiting,
)
from app.billing.rules import Decline

Facts = Mapping[str, Any]

# What we write on everything that we make there.
KEY, PAYER, WAY = "vigie_key", "vigie_payer", "vigie_way"
# A charge of a saved card, or a page on which the customer pays.
BY_CARD, BY_PAGE = "card", "page"

_AUTHENTICATION = {"authentication_required", "payment_intent_authentication_failure"}
# Cards that will never pay again, and banks that forbid another try (R14).
_HARD = {
    "card_not_supported", "currency_not_supported", "do_not_try_again", "expired_card",
    "fraudulent", "highest_risk_level", "incorrect_number", "invalid_account", "invalid_number",
    "lost_card", "merchant_blacklist", "pickup_card", "revocation_of_all_authorizations",
    "revocation_of_authorization", "stolen_card", "stop_payment_order", "transaction_not_allowed",
}  # fmt: skip
# Nobody who may be holding somebody else's card is told why it does not work.
_NOT_TOLD = {"fraudulent", "highest_risk_level", "lost_card", "merchant_blacklist", "pickup_card",
             "stolen_card"}  # fmt: skip


def key_of(thing: Facts) -> str | None:
    """Our key of a payment, page or refund; None when we did not make it."""
    key = (thing.get("metadata") or {}).get(KEY)
    return str(key) if key else None


def declined(error: Facts) -> Declined:
    """What a card error means for the next try (R14)."""
    code = str(error.get("decline_code") or error.get("code") or "generic_decline")
    detail = "generic_decline" if code in _NOT_TOLD else code
    if {code, error.get("code")} & _AUTHENTICATION:
        return Declined(Decline.AUTHENTICATION, detail)
    if code in _HARD or error.get("advice_code") == "do_not_try_again":
        return Declined(Decline.HARD, detail)
    return Declined(Decline.SOFT, detail)


def charged(intent: Facts) -> Paid | Declined | Waiting | Abandoned | Unknown:
    """What became of a PaymentIntent on which nobody is there to confirm anything any more."""
    match intent["status"]:
        case "succeeded":
            money = Money(intent["amount_received"], intent["currency"].upper())
            return Paid(intent["id"], money)
        case "requires_action" | "requires_confirmation":
            return Declined(Decline.AUTHENTICATION, "authentication_required")
        case "requires_payment_method":
            return declined(intent.get("last_payment_error") or {})
        case "canceled":
            return Abandoned()
        case "processing":
            return Waiting()
        case other:
            return Unknown(f"a payment is {other}")


def page_left(session: Facts) -> Waiting | Abandoned:
    """How a page stands on which nothing was paid."""
    return Abandoned() if session["status"] == "expired" else Waiting()


def card(method: Facts) -> CardDetails:
    """A saved card; its token names the customer too, so that a charge needs no look-up."""
    card = method["card"]
    return CardDetails(
        token=token(method["customer"], method["id"]),
        brand=card["brand"],
        last4=card["last4"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
        holder=(method.get("billing_details") or {}).get("name") or "",
    )


def token(customer: str, method: str) -> str:
    """``cus_…/pm_…``: a card can only be charged as its customer's."""
    return f"{customer}/{method}"


def refunded(refund: Facts) -> Refunded | Refused | Waiting:
    """How a refund stands. A pending one is on its way: Stripe has taken it from our balance."""
    match refund["status"]:
        case "failed" | "canceled":
            return Refused(str(refund.get("failure_reason") or refund["status"]))
        case "requires_action":
            return Waiting()
        case _:
            return Refunded(refund["id"])


def dispute(dispute: Facts) -> Dispute | None:
    """A dispute that took money; None for an inquiry, which takes none (yet)."""
    if not dispute.get("balance_transactions"):
        return None
    won = {"won": True, "lost": False, "prevented": False}
    return Dispute(
        dispute["id"],
        dispute["payment_intent"] or "",
        Money(dispute["amount"], dispute["currency"].upper()),
        won.get(dispute["status"]),
    )
