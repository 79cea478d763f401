"""The sandbox gateway: a bank and its pages in this database (`sandbox_bank`, `sandbox_pages`).

It is part of the product: the demo, trials and tests run on it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from app.billing.gateways import sandbox_bank as bank
from app.billing.gateways import sandbox_events as events
from app.billing.gateways import sandbox_pages as pages
from app.billing.gateways.sandbox_models import PageState, SandboxCard
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
from app.db import transaction
from app.web.state import settings

NAME = bank.NAME


class SandboxGateway:
    """Answers at once, as the card's name says."""

    name = NAME
    saves_cards = True

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def begin_setup(
        self, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Refused | Unknown:
        """A page of ours that looks like a bank's."""
        return self._open(pages.Wanted(payer, None, key, done_url, cancel_url))

    def setup(self, ref: str) -> CardDetails | Waiting | Abandoned | Unknown:
        """What came of a page; one that nobody finished within a day is left."""
        with transaction() as session:
            page = pages.find(session, ref, self._now())
            if page is None or page.state in (PageState.REFUSED, PageState.LEFT):
                return Abandoned()
            saved = session.get(SandboxCard, page.token) if page.token else None
            return _details(saved) if saved and page.state is PageState.DONE else Waiting()

    def charge(
        self, token: str, money: Money, payer: Payer, *, key: str
    ) -> Paid | Declined | Refused | Unknown:
        """Charge by the token's behaviour. The same key answers as before; other values never."""
        behaviour = bank.behaviour_of(token)
        if behaviour is None:
            return Refused(f"no card is called {token}")
        if behaviour == "down":
            return Unknown("the sandbox bank cannot be reached")
        asked = bank.Charging(key, token, money)
        with transaction() as session:
            decline = bank.decline_of(session, token)
            first, charge = bank.charge_once(session, asked, decline, self._now())
            if asked != bank.Charging(key, charge.token, Money(charge.amount, charge.currency)):
                return Refused("this key was used for another charge")
            if first and behaviour == "timeout":
                return Unknown("the sandbox bank charged the card, but its answer was lost")
            return bank.answer(charge)

    def begin_payment(
        self, money: Money, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Refused | Unknown:
        """A page of ours on which a card is chosen by its behaviour."""
        return self._open(pages.Wanted(payer, money, key, done_url, cancel_url))

    def payment(self, key: str) -> Paid | Declined | Waiting | Abandoned | NotFound | Unknown:
        """What the key's charge or page came to. A charge on a `down` card was never heard of."""
        with transaction() as session:
            charge = bank.charge_by_key(session, key)
            if charge is not None:
                return bank.answer(charge)
            page = pages.find_by_key(session, key, self._now())
            if page is None or page.amount is None:
                return NotFound()
            match page.state:
                case PageState.LEFT:
                    return Abandoned()
                case PageState.REFUSED:
                    return Declined(Decline.SOFT, "refused on the bank's page")
                case _:
                    return Waiting()

    def refund(self, payment_ref: str, money: Money, *, key: str) -> Refunded | Refused | Unknown:
        """See `sandbox_bank.refund_once`."""
        with transaction() as session:
            return bank.refund_once(session, bank.GivingBack(key, payment_ref, money), self._now())

    def refunded(self, key: str) -> Refunded | Refused | NotFound | Waiting | Unknown:
        """The refund of that key, if there is one."""
        with transaction() as session:
            refund = bank.refund_by_key(session, key)
            return Refunded(refund.ref) if refund else NotFound()

    def dispute(self, ref: str) -> Dispute | NotFound | Unknown:
        """A dispute that `sandbox_bank.take_back` opened."""
        with transaction() as session:
            return bank.dispute(session, ref) or NotFound()

    def card(self, token: str) -> CardDetails | NotFound | Unknown:
        """A card saved on a page; the sandbox keeps nothing of those that are only a name."""
        if bank.behaviour_of(token) == "down":
            return Unknown("the sandbox bank cannot be reached")
        with transaction() as session:
            card = session.get(SandboxCard, token)
            return _details(card) if card and not card.forgotten else NotFound()

    def forget(self, token: str) -> bool:
        """A card saved on a page is declined from now on; one that is only a name stays."""
        with transaction() as session:
            card = session.get(SandboxCard, token)
            if card is not None:
                card.forgotten = True
            return True

    def read_event(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Event | None:
        """See `sandbox_events.read`."""
        return events.read(body, headers, now)

    def events_since(self, instant: datetime) -> list[Event] | Unknown:
        """All that happened here."""
        with transaction() as session:
            return events.since(session, instant)

    def _open(self, wanted: pages.Wanted) -> Hosted | Refused:
        with transaction() as session:
            ref = pages.open_page(session, wanted, self._now())
        if ref is None:
            return Refused("this key was used for another page")
        return Hosted(ref, f"{settings().public_url}/sandbox/gateway/{ref}")


def _details(card: SandboxCard) -> CardDetails:
    return CardDetails(
        card.token, card.brand, card.last4, card.exp_month, card.exp_year, card.holder
    )
