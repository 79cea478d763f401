"""Stripe's webhooks: signed bodies in, events of interest out (L9, P3, P4)."""

import json
from collections.abc import Mapping
from datetime import datetime

from stripe import SignatureVerificationError, WebhookSignature

from app.billing.gateways.stripe_answers import Facts, key_of, token
from app.billing.ports import BadEvent, Event, EventKind
from app.billing.rules import accept_age

# The webhook endpoint at Stripe is to send these; fetching what it missed names them too.
TYPES = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "payment_method.automatically_updated",
    "payment_method.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
)


def verified(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> Facts:
    """The event in a body that Stripe signed at most 300 s from `now`. Raises BadEvent.

    The SDK compares in constant time; it would measure age by the machine's clock, so we do that.
    """
    signature = {name.lower(): value for name, value in headers.items()}.get("stripe-signature", "")
    try:
        WebhookSignature.verify_header(body, signature, secret)
        signed_at = next(part[2:] for part in signature.split(",") if part.startswith("t="))
        if not accept_age(int(now.timestamp()) - int(signed_at)):
            raise BadEvent("too old")
        event = json.loads(body)
    except (SignatureVerificationError, ValueError, TypeError) as problem:
        raise BadEvent(type(problem).__name__) from None
    if not isinstance(event, dict) or event.get("object") != "event":
        raise BadEvent("no event")
    return event


def event_of(event: Facts) -> Event | None:
    """What an event is about; None where that does not concern us."""
    if event.get("type") not in TYPES:
        return None
    try:
        thing = event["data"]["object"]
        kind, ref = _subject(event["type"], thing)
        return Event(str(event["id"]), kind, ref, key_of(thing))
    except (KeyError, TypeError):
        raise BadEvent("no event") from None


def _subject(type_: str, thing: Facts) -> tuple[EventKind, str]:
    if type_.startswith("charge.dispute."):
        return EventKind.DISPUTE, thing["id"]
    if type_.startswith("refund."):
        return EventKind.REFUND, thing["id"]
    if type_.startswith("payment_method."):
        return EventKind.CARD, token(thing["customer"] or "", thing["id"])
    if type_.startswith("checkout.session.") and thing["mode"] == "setup":
        return EventKind.SETUP, thing["id"]
    return EventKind.PAYMENT, thing["id"]
