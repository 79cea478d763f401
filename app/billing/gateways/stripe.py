"""Stripe: cards saved and paid on its own pages, charged later by their token (L6, L7).

Stripe keeps the answer to a key for 24 hours; later the same key would charge again. Whoever calls
`charge` must keep to that (C21). Looking up is free of it: by listing, which is up to date, for
what is recent, and by searching, which may lag an hour behind, for what is older.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import stripe
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItemPriceData

from app.billing.gateways import stripe_answers as answers
from app.billing.gateways.stripe_answers import BY_CARD, BY_PAGE, KEY, PAYER, WAY, Facts
from app.billing.gateways.stripe_events import TYPES, event_of, verified
from app.billing.ports import (
    Abandoned,
    CardDetails,
    Declined,
    Dispute,
    Event,
    Hosted,
    Money,
    NotFound,
    Paid,
    Payer,
    Refunded,
    Refused,
    Unknown,
    Waiting,
)
from app.billing.rules import Decline

NAME = "stripe"
API = "https://api.stripe.com"
# Seconds to connect and to answer. A page may wait for this, and a lost answer is looked up anyway.
_TIMEOUT = (5, 20)
_RETRIES = 1
# What is younger may not be found by searching yet.
_SEARCH_LAG = timedelta(hours=2)
# A page can be paid for a day; no shorter end is asked for, since a repeat must ask for the same.
_PAGE_LASTS = timedelta(hours=25)

T = TypeVar("T")


class StripeGateway:
    """The port on Stripe's API. `shown_name` is what customers read on the page as what they pay.

    No method raises for what Stripe or the network may do: all of it is in the answers.
    """

    name = NAME
    saves_cards = True

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        now: Callable[[], datetime],
        *,
        shown_name: str,
        api: str = API,
        timeout: tuple[int, int] = _TIMEOUT,
        retries: int = _RETRIES,
    ) -> None:
        self._webhook_secret = webhook_secret
        self._now = now
        self._shown_name = shown_name
        client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api},
            http_client=stripe.RequestsClient(timeout=timeout),
            max_network_retries=retries,
        )
        self._api = client.v1

    def begin_setup(
        self, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Refused | Unknown:
        """See `Gateway.begin_setup`: Checkout in setup mode, which confirms with the bank."""

        def ask() -> Hosted:
            page = self._page(payer, {KEY: key, PAYER: payer.id}, done_url, cancel_url)
            page["mode"] = "setup"
            return self._open(page, key)

        return _page_or_problem(_moved(ask))

    def setup(self, ref: str) -> CardDetails | Waiting | Abandoned | Unknown:
        """See `Gateway.setup`."""
        session = _read(
            lambda: self._api.checkout.sessions.retrieve(
                ref, {"expand": ["setup_intent.payment_method"]}
            )
        )
        if isinstance(session, Unknown):
            return session
        if isinstance(session, NotFound) or session["status"] == "expired":
            return Abandoned()
        intent = session.get("setup_intent") or {}
        if session["status"] != "complete" or intent.get("status") != "succeeded":
            return Waiting()
        method = {**intent["payment_method"], "customer": session["customer"]}
        return answers.card(method) if "card" in method else Abandoned()

    def charge(
        self, token: str, money: Money, payer: Payer, *, key: str
    ) -> Paid | Declined | Refused | Unknown:
        """See `Gateway.charge`: an off-session PaymentIntent, confirmed at once."""
        customer, _, method = token.partition("/")
        if not method:
            return Refused("a card's token must be cus_…/pm_…")
        intent = _moved(
            lambda: self._api.payment_intents.create(
                {
                    "amount": money.amount,
                    "currency": money.currency.lower(),
                    "customer": customer,
                    "payment_method": method,
                    "allowed_payment_method_types": ["card"],
                    "confirm": True,
                    "off_session": True,
                    "metadata": {KEY: key, PAYER: payer.id, WAY: BY_CARD},
                },
                {"idempotency_key": key},
            ).to_dict()
        )
        if not isinstance(intent, Mapping):
            return intent
        answer = answers.charged(intent)
        if isinstance(answer, Waiting | Abandoned):
            return Unknown(f"the charge is {intent['status']}")
        return answer

    def begin_payment(
        self, money: Money, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Refused | Unknown:
        """See `Gateway.begin_payment`: Checkout in payment mode."""

        def ask() -> Hosted:
            ours = {KEY: key, PAYER: payer.id, WAY: BY_PAGE}
            page = self._page(payer, ours, done_url, cancel_url)
            page["mode"] = "payment"
            page["line_items"] = [{"price_data": self._price(money), "quantity": 1}]
            page["payment_intent_data"] = {"metadata": ours}
            # Nobody pays in another currency than that of the wallet.
            page["adaptive_pricing"] = {"enabled": False}
            return self._open(page, key)

        return _page_or_problem(_moved(ask))

    def payment(self, key: str) -> Paid | Declined | Waiting | Abandoned | NotFound | Unknown:
        """See `Gateway.payment`. Only reads: nothing is ever sent again from here (C21)."""
        try:
            return self._payment(key)
        except stripe.StripeError as problem:
            return Unknown(_told(problem))

    def refund(self, payment_ref: str, money: Money, *, key: str) -> Refunded | Refused | Unknown:
        """See `Gateway.refund`. Stripe refunds in the payment's currency, whatever we mean."""
        intent = _read(lambda: self._api.payment_intents.retrieve(payment_ref))
        if isinstance(intent, Unknown):
            return intent
        if isinstance(intent, NotFound) or intent["currency"].upper() != money.currency:
            return Refused("no such payment in this currency")
        refund = _moved(
            lambda: self._api.refunds.create(
                {
                    "payment_intent": payment_ref,
                    "amount": money.amount,
                    "metadata": {KEY: key},
                },
                {"idempotency_key": key},
            ).to_dict()
        )
        if isinstance(refund, Declined):
            return Refused(refund.detail)
        if not isinstance(refund, Mapping):
            return refund
        answer = answers.refunded(refund)
        return Unknown("the refund waits") if isinstance(answer, Waiting) else answer

    def refunded(self, key: str) -> Refunded | Refused | NotFound | Waiting | Unknown:
        """See `Gateway.refunded`. Refunds cannot be searched, so all are listed, latest first."""
        try:
            refunds = self._api.refunds.list({"limit": 100}).auto_paging_iter()
            refund = _with_key(key, refunds)
        except stripe.StripeError as problem:
            return Unknown(_told(problem))
        return answers.refunded(refund) if refund else NotFound()

    def dispute(self, ref: str) -> Dispute | NotFound | Unknown:
        """See `Gateway.dispute`. An inquiry, which takes no money, is no dispute (L10)."""
        dispute = _read(lambda: self._api.disputes.retrieve(ref))
        if isinstance(dispute, NotFound | Unknown):
            return dispute
        return answers.dispute(dispute) or NotFound()

    def card(self, token: str) -> CardDetails | NotFound | Unknown:
        """See `Gateway.card`."""
        _, _, method_id = token.partition("/")
        method = _read(lambda: self._api.payment_methods.retrieve(method_id))
        if isinstance(method, NotFound | Unknown):
            return method
        return answers.card(method) if method.get("customer") else NotFound()

    def forget(self, token: str) -> bool:
        """See `Gateway.forget`. A card that is detached, or was never there, is forgotten too."""
        _, _, method_id = token.partition("/")
        answer = _moved(lambda: self._api.payment_methods.detach(method_id).to_dict())
        return not isinstance(answer, Unknown)

    def read_event(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Event | None:
        """See `Gateway.read_event`."""
        return event_of(verified(body, headers, self._webhook_secret, now))

    def events_since(self, instant: datetime) -> list[Event] | Unknown:
        """See `Gateway.events_since`. Stripe keeps events for 30 days."""
        since = int(instant.timestamp())
        try:
            found = self._api.events.list(
                {"created": {"gte": since}, "types": list(TYPES), "limit": 100}
            )
            events = [event_of(event.to_dict()) for event in found.auto_paging_iter()]
        except stripe.StripeError as problem:
            return Unknown(_told(problem))
        return [event for event in events if event]

    def _page(
        self, payer: Payer, ours: dict[str, str], done_url: str, cancel_url: str
    ) -> SessionCreateParams:
        return {
            "customer": self._customer(payer),
            "allowed_payment_method_types": ["card"],
            "locale": payer.language,
            "success_url": done_url,
            "cancel_url": cancel_url,
            "metadata": ours,
        }

    def _price(self, money: Money) -> SessionCreateParamsLineItemPriceData:
        return {
            "currency": money.currency.lower(),
            "unit_amount": money.amount,
            "product_data": {"name": self._shown_name},
        }

    def _open(self, page: SessionCreateParams, key: str) -> Hosted:
        session = self._api.checkout.sessions.create(page, {"idempotency_key": key})
        return Hosted(session.id, str(session.url))

    def _customer(self, payer: Payer) -> str:
        """The payer's one customer: found, or made under a key of its own, and kept up to date."""
        known = self._api.customers.search(
            {"query": f"metadata['{PAYER}']:'{_quoted(payer.id)}'", "limit": 1}
        ).data
        customer = known[0] if known else self._api.customers.create(
            {"metadata": {PAYER: payer.id}}, {"idempotency_key": f"customer:{payer.id}"}
        )  # fmt: skip
        if (customer.name or "", customer.email or "") != (payer.name, payer.email):
            self._api.customers.update(customer.id, {"name": payer.name, "email": payer.email})
        return customer.id

    def _payment(self, key: str) -> Paid | Declined | Waiting | Abandoned | NotFound | Unknown:
        intent = self._intent(key)
        by_card = intent and intent["metadata"].get(WAY) == BY_CARD
        if intent and (by_card or intent["status"] == "succeeded"):
            return answers.charged(intent)
        if page := self._session(key, intent):
            return answers.page_left(page)
        return answers.charged(intent) if intent else NotFound()

    def _intent(self, key: str) -> Facts | None:
        """The payment of a key: the one that succeeded, should there ever be several."""
        recent = self._api.payment_intents.list(self._since(_SEARCH_LAG)).auto_paging_iter()
        if found := _with_key(key, recent):
            return found
        older = self._api.payment_intents.search(
            {"query": f"metadata['{KEY}']:'{_quoted(key)}'", "limit": 100}
        )
        # What is searched may be as old as the search's index: read again.
        read = [self._api.payment_intents.retrieve(intent.id).to_dict() for intent in older.data]
        return max(read, key=lambda intent: intent["status"] == "succeeded", default=None)

    def _session(self, key: str, intent: Facts | None) -> Facts | None:
        """The page of a key; one that nobody tried to pay on is only found while it lasts."""
        if intent:
            of_it = self._api.checkout.sessions.list({"payment_intent": intent["id"]})
            return of_it.data[0].to_dict() if of_it.data else None
        pages = self._api.checkout.sessions.list(self._since(_PAGE_LASTS))
        return _with_key(key, pages.auto_paging_iter())

    def _since(self, age: timedelta) -> Any:
        return {"created": {"gte": int((self._now() - age).timestamp())}, "limit": 100}


def _moved(call: Callable[[], T]) -> T | Declined | Refused | Unknown:
    """Make a call that changes something there. Whatever may have happened anyway is unknown.

    A wrong or withdrawn secret key (401, 403) says nothing of an earlier call either.
    """
    try:
        return call()
    except stripe.CardError as problem:
        return answers.declined(_error(problem))
    except stripe.InvalidRequestError as problem:
        if problem.param == "payment_method":
            return Declined(Decline.HARD, str(problem.code or "no longer saved"))
        return Refused(_told(problem))
    except stripe.IdempotencyError as problem:
        return Refused(_told(problem))
    except stripe.StripeError as problem:
        return Unknown(_told(problem))


def _page_or_problem(answer: Hosted | Declined | Refused | Unknown) -> Hosted | Refused | Unknown:
    return Refused(answer.detail) if isinstance(answer, Declined) else answer


def _read(call: Callable[[], stripe.StripeObject]) -> Facts | NotFound | Unknown:
    try:
        return call().to_dict()
    except stripe.InvalidRequestError as problem:
        return NotFound() if problem.http_status == 404 else Unknown(_told(problem))
    except stripe.StripeError as problem:
        return Unknown(_told(problem))


def _with_key(key: str, things: Iterable[stripe.StripeObject]) -> Facts | None:
    facts = (thing.to_dict() for thing in things)
    return next((fact for fact in facts if answers.key_of(fact) == key), None)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _error(problem: stripe.StripeError) -> Facts:
    body = problem.json_body
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _told(problem: stripe.StripeError) -> str:
    """What is kept of a problem: Stripe's code and request, never the body or the key."""
    code = _error(problem).get("code") or problem.http_status or "no answer"
    request = f" ({problem.request_id})" if problem.request_id else ""
    return f"{type(problem).__name__}: {code}{request}"
