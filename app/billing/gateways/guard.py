"""The guard around every gateway: no call to the outside inside a database transaction."""

from collections.abc import Mapping
from datetime import datetime

from app.billing.ports import (
    Abandoned,
    CardDetails,
    Declined,
    Dispute,
    Event,
    Gateway,
    Hosted,
    Money,
    NotFound,
    Paid,
    Payer,
    Refunded,
    Refused,
    Transfer,
    Unknown,
    Waiting,
)
from app.db import require_no_transaction


class GuardedGateway:
    """Passes calls on, unless a transaction is open: a rollback could not undo them.

    Every method is the one of `Gateway`, and raises TransactionOpen.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.name = gateway.name
        self.saves_cards = gateway.saves_cards

    def begin_setup(
        self, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Refused | Unknown:
        """See `Gateway.begin_setup`."""
        require_no_transaction()
        return self._gateway.begin_setup(payer, key=key, done_url=done_url, cancel_url=cancel_url)

    def setup(self, ref: str) -> CardDetails | Waiting | Abandoned | Unknown:
        """See `Gateway.setup`."""
        require_no_transaction()
        return self._gateway.setup(ref)

    def charge(
        self, token: str, money: Money, payer: Payer, *, key: str
    ) -> Paid | Declined | Refused | Unknown:
        """See `Gateway.charge`."""
        require_no_transaction()
        return self._gateway.charge(token, money, payer, key=key)

    def begin_payment(
        self, money: Money, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Transfer | Refused | Unknown:
        """See `Gateway.begin_payment`."""
        require_no_transaction()
        return self._gateway.begin_payment(
            money, payer, key=key, done_url=done_url, cancel_url=cancel_url
        )

    def payment(self, key: str) -> Paid | Declined | Waiting | Abandoned | NotFound | Unknown:
        """See `Gateway.payment`."""
        require_no_transaction()
        return self._gateway.payment(key)

    def refund(self, payment_ref: str, money: Money, *, key: str) -> Refunded | Refused | Unknown:
        """See `Gateway.refund`."""
        require_no_transaction()
        return self._gateway.refund(payment_ref, money, key=key)

    def refunded(self, key: str) -> Refunded | Refused | NotFound | Waiting | Unknown:
        """See `Gateway.refunded`."""
        require_no_transaction()
        return self._gateway.refunded(key)

    def dispute(self, ref: str) -> Dispute | NotFound | Unknown:
        """See `Gateway.dispute`."""
        require_no_transaction()
        return self._gateway.dispute(ref)

    def card(self, token: str) -> CardDetails | NotFound | Unknown:
        """See `Gateway.card`."""
        require_no_transaction()
        return self._gateway.card(token)

    def forget(self, token: str) -> bool:
        """See `Gateway.forget`."""
        require_no_transaction()
        return self._gateway.forget(token)

    def read_event(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Event | None:
        """See `Gateway.read_event`: no call to the outside, so allowed anywhere."""
        return self._gateway.read_event(body, headers, now)

    def events_since(self, instant: datetime) -> list[Event] | Unknown:
        """See `Gateway.events_since`."""
        require_no_transaction()
        return self._gateway.events_since(instant)
