"""Stripe's adapter against localstripe, somebody else's imitation, in what it knows.

It knows an older API: `Translated` renames a parameter and adds a field. It ignores idempotency
keys and knows no search, Checkout, decline codes, disputes: those stand in `test_stripe.py`.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import stripe

from app.billing.gateways.stripe import StripeGateway
from app.billing.ports import (
    BadEvent,
    CardDetails,
    Declined,
    EventKind,
    Money,
    NotFound,
    Paid,
    Payer,
    Refunded,
    Refused,
)
from app.billing.rules import Decline

PAYER = Payer("acme-1", "Acme", "compta@people.example", "en")
FIFTEEN = Money(1500, "EUR")
SECRET = "whsec_localstripe"
RUN = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.store.dump_to_disk = lambda: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


class Translated(stripe.RequestsClient):
    """Speaks the API of localstripe's time."""

    def request(self, method, url, headers, post_data=None):
        if post_data:
            post_data = post_data.replace("allowed_payment_method_types", "payment_method_types")
        body, status, answered = super().request(method, url, headers, post_data)
        told = json.loads(body)
        if told.get("object") == "payment_intent" and told["status"] == "succeeded":
            told["amount_received"] = told["amount"]
        return json.dumps(told), status, answered


@pytest.fixture(scope="module")
def api():
    """The address of a localstripe of our own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-c", RUN, str(port)]) as process:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("localstripe does not start")


@pytest.fixture
def client(api):
    return stripe.StripeClient("sk_test_x", base_addresses={"api": api}, max_network_retries=0)


@pytest.fixture
def gateway(api, monkeypatch):
    monkeypatch.setattr(stripe, "RequestsClient", Translated)
    return StripeGateway(
        "sk_test_x", SECRET, lambda: datetime.now(UTC), shown_name="Vigie", api=api, retries=0
    )


def token(client, number="4242424242424242"):
    """A card of a customer, saved as its page would."""
    card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    customer = client.v1.customers.create({"name": "Acme"})
    method = client.v1.payment_methods.create(
        {"type": "card", "card": card, "billing_details": {"name": "Ada"}}
    )
    client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    return f"{customer.id}/{method.id}"


def test_a_card_is_read_charged_refunded_and_forgotten(client, gateway):
    saved = token(client)
    assert gateway.card(saved) == CardDetails(saved, "visa", "4242", 12, 2030, "Ada")
    paid = gateway.charge(saved, FIFTEEN, PAYER, key="charge-1")
    assert isinstance(paid, Paid)
    assert paid.money == FIFTEEN
    intent = client.v1.payment_intents.retrieve(paid.ref)
    assert intent.metadata["vigie_key"] == "charge-1"
    refund = gateway.refund(paid.ref, Money(400, "EUR"), key="refund-1")
    assert isinstance(refund, Refunded)
    assert client.v1.refunds.retrieve(refund.ref).amount == 400
    assert isinstance(gateway.refund(paid.ref, Money(1, "USD"), key="refund-2"), Refused)
    assert gateway.forget(saved)
    assert gateway.card(saved) == NotFound()


@pytest.mark.parametrize(
    ("number", "reason"),
    [("4000000000000341", Decline.SOFT), ("4000002500003155", Decline.AUTHENTICATION)],
)
def test_a_decline_is_understood(client, gateway, number, reason):
    answer = gateway.charge(token(client, number), FIFTEEN, PAYER, key="charge-2")
    assert isinstance(answer, Declined)
    assert answer.reason is reason


def test_what_it_never_heard_of_is_not_found_or_refused(gateway):
    assert gateway.card("cus_x/pm_x") == NotFound()
    assert isinstance(gateway.refund("pi_x", FIFTEEN, key="refund-3"), Refused)


def test_an_event_that_somebody_else_signed_is_believed(api, client, gateway):
    received = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((body, dict(self.headers)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    with HTTPServer(("127.0.0.1", 0), Endpoint) as endpoint:
        endpoint.timeout = 10
        _send_events_to(api, endpoint.server_port)
        paid = gateway.charge(token(client), FIFTEEN, PAYER, key="charge-4")
        # Those of other tests may come first: each is sent a second late.
        while not (received and b"charge-4" in received[-1][0]):
            before = len(received)
            endpoint.handle_request()
            assert len(received) > before, "no event came"
    body, headers = received[-1]
    event = gateway.read_event(body, headers, datetime.now(UTC))
    assert (event.kind, event.ref, event.key) == (EventKind.PAYMENT, paid.ref, "charge-4")
    with pytest.raises(BadEvent):
        gateway.read_event(body + b" ", headers, datetime.now(UTC))


def _send_events_to(api, port):
    wanted = {
        "url": f"http://127.0.0.1:{port}/", "secret": SECRET,
        "events": ["payment_intent.succeeded"],
    }  # fmt: skip
    request = urllib.request.Request(
        f"{api}/_config/webhooks/ours",
        data=json.dumps(wanted).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()
