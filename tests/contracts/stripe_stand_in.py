"""A small stand-in for Stripe on loopback, after its documentation: what our adapter uses of it.

As there: keys are kept for 24 hours with their answers, 500s included; the same key with other
values is an error; searching lags an hour behind, listing does not; unknown parameters are errors;
a card's error is a 402 that leaves its PaymentIntent behind. What goes wrong is told by the card
(`pm_<behaviour>…`) or put into `faults`. It was never compared with the real Stripe.
"""

import itertools
import json
import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from stripe import WebhookSignature

KEYS_LAST, SEARCH_LAG = 24 * 3600, 3600
WEBHOOK_SECRET = "whsec_stand_in"

ALLOWED = {
    "customers": {"metadata", "name", "email"},
    "payment_intents": {
        "amount", "currency", "customer", "payment_method", "allowed_payment_method_types",
        "confirm", "off_session", "metadata",
    },
    "checkout/sessions": {
        "mode", "customer", "allowed_payment_method_types", "locale", "success_url", "cancel_url",
        "metadata", "line_items", "payment_intent_data", "adaptive_pricing",
    },
    "refunds": {"payment_intent", "amount", "metadata"},
}  # fmt: skip
PREFIX = {"customers": "cus", "payment_intents": "pi", "checkout/sessions": "cs",
          "refunds": "re", "payment_methods": "pm", "disputes": "dp"}  # fmt: skip
DECLINES = {
    "declined": ("card_declined", "insufficient_funds"),
    "stolen": ("card_declined", "stolen_card"),
    "sca": ("authentication_required", "authentication_required"),
}


class Answered(Exception):
    """An answer other than 200; `kept` when it came from the work itself, not from validation."""

    def __init__(self, status: int, error: dict[str, Any], *, kept: bool = False) -> None:
        super().__init__(status, error)
        self.status, self.error, self.kept = status, error, kept


class StripeStandIn:
    """Objects by kind, oldest first. `clock` gives the present; `posts` counts what was executed.

    `faults` are taken one a request: ``drop`` (no answer, nothing done), ``drop-after`` (done, no
    answer), ``500-after`` (done, and a 500 kept for the key), or a status that does nothing.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self.objects: dict[str, list[dict[str, Any]]] = {kind: [] for kind in (*PREFIX, "events")}
        self._keys: dict[str, tuple[int, tuple[str, Any], int, Any]] = {}
        self.faults: list[str] = []
        self.posts: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self._dropped: set[str] = set()

    # ---- What its customers, and their banks, do

    def save_card(self, session_id: str, *, name: str = "Ada", exp: tuple[int, int] = (12, 2030)):
        """The customer saves a good card on a setup page."""
        session = self.find("checkout/sessions", session_id)
        method = self._method("ok", session["customer"], name, exp)
        intent = {"id": self._id("seti"), "status": "succeeded", "payment_method": method["id"]}
        self._end(session, "complete", setup_intent=intent)

    def pay(self, session_id: str) -> str:
        """The customer pays on a page, at the second try; the PaymentIntent's id."""
        session = self.find("checkout/sessions", session_id)
        intent = self.try_to_pay(session_id)
        self._succeed(intent)
        self._end(session, "complete", payment_intent=intent["id"])
        return intent["id"]

    def try_to_pay(self, session_id: str) -> dict[str, Any]:
        """A card is refused on the page; its PaymentIntent stays, and so does the page."""
        session = self.find("checkout/sessions", session_id)
        intent = self._intent(
            session["amount"], session["currency"], session["customer"], session["of_intent"]
        )
        session["payment_intent"] = intent["id"]
        self._decline(intent, "declined")
        return intent

    def expire(self, session_id: str) -> None:
        """The page's day is over."""
        session = self.find("checkout/sessions", session_id)
        if session["payment_intent"]:
            self.find("payment_intents", session["payment_intent"])["status"] = "canceled"
        self._end(session, "expired")

    def take_back(self, intent_id: str, *, inquiry: bool = False) -> str:
        """A bank disputes a payment, or only inquires."""
        intent = self.find("payment_intents", intent_id)
        status = "warning_needs_response" if inquiry else "needs_response"
        dispute = self._add(
            "disputes", amount=intent["amount"], currency=intent["currency"], status=status,
            payment_intent=intent_id, balance_transactions=[] if inquiry else [{"id": "txn_1"}],
        )  # fmt: skip
        self._happened("charge.dispute.created", dispute)
        return dispute["id"]

    def end_dispute(self, dispute_id: str, *, won: bool) -> None:
        """The bank decides."""
        dispute = self.find("disputes", dispute_id)
        dispute["status"] = "won" if won else "lost"
        self._happened("charge.dispute.closed", dispute)

    def renew_card(self, method_id: str, exp: tuple[int, int]) -> None:
        """The card's bank replaces it; the network tells the gateway."""
        method = self.find("payment_methods", method_id)
        method["card"].update(exp_month=exp[0], exp_year=exp[1])
        self._happened("payment_method.automatically_updated", method)

    def fail_refund(self, refund_id: str) -> None:
        """The card's bank will not take a refund."""
        refund = self.find("refunds", refund_id)
        refund.update(status="failed", failure_reason="lost_or_stolen_card")
        self._happened("refund.failed", refund)

    def signed(self, event: dict[str, Any], age: float = 0) -> tuple[bytes, dict[str, str]]:
        """An event's body and headers, as posted to the portal `age` seconds ago."""
        body = json.dumps(event)
        stamp = int(self._clock().timestamp() - age)
        header = WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, stamp)
        return body.encode(), {"Stripe-Signature": header}

    # ---- What is asked of it

    def answer(self, method: str, path: str, params: dict[str, Any], key: str | None) -> Any:
        """`(status, body)`, or None for no answer at all."""
        with self._lock:
            self.requests.append((method, path))
            fault = self.faults.pop(0) if self.faults else self._fault_of(params)
            if fault == "drop":
                return None
            if fault and fault.isdigit():
                return int(fault), {"error": {"type": "api_error", "message": "planned"}}
            status, body = self._once(method, path, params, key, broken=fault == "500-after")
            return None if fault == "drop-after" else (status, body)

    def _once(self, method: str, path: str, params: dict[str, Any], key: str | None, *, broken):
        now = self._now()
        known = self._keys.get(key) if key else None
        if known and now - known[0] < KEYS_LAST:
            if known[1] != (path, params):
                return 400, {"error": {"type": "idempotency_error", "message": "other values"}}
            return known[2], known[3]
        try:
            status, body = 200, self._work(method, path, params)
        except Answered as other:
            if not other.kept:
                return other.status, {"error": other.error}
            status, body = other.status, {"error": other.error}
        if broken:
            status, body = 500, {"error": {"type": "api_error", "message": "planned"}}
        # As it was: the object may change later, the kept answer does not.
        body = json.loads(json.dumps(body))
        if key:
            self._keys[key] = (now, (path, params), status, body)
        return status, body

    def _work(self, method: str, path: str, params: dict[str, Any]) -> Any:
        kind, _, name = path.partition("/")
        if kind == "checkout":
            kind, name = "checkout/sessions", name.partition("/")[2]
        if method == "GET":
            if name == "search":
                return self._search(kind, params)
            if name:
                return self._expanded(self.find(kind, name), params)
            return self._list(kind, params)
        self.posts.append(path)
        if kind == "payment_methods":
            return self._detach(self.find(kind, name.removesuffix("/detach")))
        unknown = set(params) - ALLOWED[kind]
        if unknown:
            raise _invalid("parameter_unknown", min(unknown))
        if kind == "customers" and name:
            given = {field: value or None for field, value in params.items()}
            self.find(kind, name).update(given)
            return self.find(kind, name)
        make = {
            "customers": self._customer, "payment_intents": self._charge,
            "checkout/sessions": self._session, "refunds": self._refund,
        }  # fmt: skip
        return make[kind](params)

    def _customer(self, params: dict[str, Any]) -> dict[str, Any]:
        return self._add("customers", **{"name": None, "email": None, "metadata": {}, **params})

    def _charge(self, params: dict[str, Any]) -> dict[str, Any]:
        behaviour = _behaviour(params["payment_method"])
        customer = self.find("customers", params["customer"])["id"]
        known = [m for m in self.objects["payment_methods"] if m["id"] == params["payment_method"]]
        if (known and known[0]["customer"] != customer) or behaviour not in {
            "ok",
            "timeout",
            "down",
            *DECLINES,
        }:
            raise _invalid("resource_missing", "payment_method")
        if params["confirm"] != "true" or params["off_session"] != "true":
            raise _invalid("parameter_missing", "confirm")
        intent = self._intent(
            int(params["amount"]), params["currency"], customer, params["metadata"]
        )
        if behaviour in DECLINES:
            error = self._decline(intent, behaviour)
            raise Answered(402, {**error, "type": "card_error"}, kept=True)
        return self._succeed(intent)

    def _session(self, params: dict[str, Any]) -> dict[str, Any]:
        self.find("customers", params["customer"])
        price: dict[str, Any] = {}
        if params["mode"] == "payment":
            price = params["line_items"]["0"]["price_data"]
        session = self._add(
            "checkout/sessions", mode=params["mode"], customer=params["customer"], status="open",
            metadata=params["metadata"], setup_intent=None, payment_intent=None,
            amount=int(price.get("unit_amount", 0)), currency=price.get("currency"),
            of_intent=params.get("payment_intent_data", {}).get("metadata"),
        )  # fmt: skip
        session["url"] = f"https://checkout.stripe.example/{session['id']}#{'x' * 700}"
        return session

    def _refund(self, params: dict[str, Any]) -> dict[str, Any]:
        intent = self.find("payment_intents", params["payment_intent"])
        amount = int(params["amount"])
        if amount > intent["amount_received"] - intent["refunded"]:
            raise _invalid("charge_already_refunded", "amount")
        intent["refunded"] += amount
        refund = self._add(
            "refunds", amount=amount, currency=intent["currency"], status="succeeded",
            payment_intent=intent["id"], metadata=params["metadata"],
        )  # fmt: skip
        self._happened("refund.created", refund)
        return refund

    def _detach(self, method: dict[str, Any]) -> dict[str, Any]:
        if method["customer"] is None:
            raise _invalid("payment_method_not_attached", "payment_method")
        method["customer"] = None
        return method

    def _list(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        since = int(params.get("created", {}).get("gte", 0))
        types = set(params.get("types", {}).values())
        found = [
            thing for thing in reversed(self.objects[kind])
            if thing["created"] >= since and (not types or thing["type"] in types)
            and params.get("payment_intent", thing.get("payment_intent"))
            == thing.get("payment_intent")
        ]  # fmt: skip
        after = params.get("starting_after")
        if after:
            found = found[[thing["id"] for thing in found].index(after) + 1 :]
        limit = int(params.get("limit", 10))
        return {"object": "list", "url": f"/v1/{kind}", "data": found[:limit],
                "has_more": len(found) > limit}  # fmt: skip

    def _search(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        query = re.fullmatch(r"metadata\['(\w+)'\]:'((?:[^'\\]|\\.)*)'", params["query"])
        name, value = query[1], re.sub(r"\\(.)", r"\1", query[2])
        old_enough = self._now() - SEARCH_LAG
        found = [
            thing
            for thing in self.objects[kind]
            if thing["metadata"].get(name) == value and thing["created"] <= old_enough
        ]
        return {"object": "search_result", "url": f"/v1/{kind}/search", "data": found,
                "has_more": False, "next_page": None}  # fmt: skip

    def _expanded(self, thing: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        intent = thing.get("setup_intent")
        if not intent or "setup_intent.payment_method" not in params.get("expand", {}).values():
            return thing
        method = self.find("payment_methods", intent["payment_method"])
        return {**thing, "setup_intent": {**intent, "payment_method": method}}

    # ---- Objects

    def find(self, kind: str, name: str) -> dict[str, Any]:
        """An object, or Stripe's answer for none."""
        for thing in self.objects[kind]:
            if thing["id"] == name:
                return thing
        raise Answered(404, {"type": "invalid_request_error", "code": "resource_missing"})

    def customer(self) -> str:
        """A customer that exists."""
        return self._add("customers", name=None, email=None, metadata={})["id"]

    def _intent(self, amount: int, currency: str, customer: str, metadata: dict[str, str]):
        return self._add(
            "payment_intents", amount=amount, amount_received=0, currency=currency,
            customer=customer, metadata=metadata, status="processing", refunded=0,
            last_payment_error=None,
        )  # fmt: skip

    def _succeed(self, intent: dict[str, Any]) -> dict[str, Any]:
        intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
        self._happened("payment_intent.succeeded", intent)
        return intent

    def _decline(self, intent: dict[str, Any], behaviour: str) -> dict[str, Any]:
        code, decline_code = DECLINES[behaviour]
        error = {"code": code, "decline_code": decline_code, "message": "declined"}
        intent.update(status="requires_payment_method", last_payment_error=error)
        self._happened("payment_intent.payment_failed", intent)
        return error

    def _method(self, behaviour: str, customer: str, name: str, exp: tuple[int, int]):
        card = {"brand": "visa", "last4": "4242", "exp_month": exp[0], "exp_year": exp[1]}
        method = self._add("payment_methods", customer=customer, card=card, type="card",
                           billing_details={"name": name})  # fmt: skip
        method["id"] = f"pm_{behaviour}_{next(self._numbers)}"
        return method

    def _end(self, session: dict[str, Any], status: str, **more: object) -> None:
        session.update(status=status, **more)
        told = "completed" if status == "complete" else status
        self._happened(f"checkout.session.{told}", session)

    def _happened(self, type_: str, thing: dict[str, Any]) -> None:
        # An event shows its object as it was then, whatever becomes of it.
        event = self._add("events", type=type_, data={"object": json.loads(json.dumps(thing))})
        event["object"] = "event"

    def _add(self, kind: str, **fields: Any) -> dict[str, Any]:
        thing = {"id": self._id(PREFIX.get(kind, "evt")), "object": kind.removesuffix("s"),
                 "created": self._now(), **fields}  # fmt: skip
        self.objects[kind].append(thing)
        return thing

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers)}"

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _fault_of(self, params: dict[str, Any]) -> str | None:
        """`down` never answers; `timeout` charges, and its first answer is lost."""
        method = params.get("payment_method", "")
        behaviour = _behaviour(method)
        if behaviour == "down":
            return "drop"
        if behaviour == "timeout" and params["metadata"]["vigie_key"] not in self._dropped:
            self._dropped.add(params["metadata"]["vigie_key"])
            return "drop-after"
        return None


def _behaviour(method: str) -> str:
    return [*method.split("_"), ""][1]


def _invalid(code: str, param: str) -> Answered:
    return Answered(400, {"type": "invalid_request_error", "code": code, "param": param})
