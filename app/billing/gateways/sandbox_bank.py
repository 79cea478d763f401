"""The bank behind the sandbox gateway: cards that behave by their name, charges, refunds, disputes.

`sandbox:ok` pays, `declined` and `stolen` do not (R14), `sca` wants its holder, `timeout` pays but
the answer is lost, `down` never arrives. A card saved on a page has a further part of its own, as
in `sandbox:ok:h7k2`. All of this runs inside the caller's transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.gateways import sandbox_events as events
from app.billing.gateways.sandbox_models import (
    SandboxCard,
    SandboxCharge,
    SandboxDispute,
    SandboxRefund,
)
from app.billing.ports import (
    Declined,
    Dispute,
    EventKind,
    Money,
    Paid,
    Refunded,
    Refused,
    Unknown,
)
from app.billing.rules import Decline
from app.db import insert_once
from app.lib.ids import public_id

NAME = "sandbox"
BEHAVIOURS = ("ok", "declined", "stolen", "sca", "timeout", "down")
_DECLINES = {
    "declined": Decline.SOFT, "stolen": Decline.HARD, "sca": Decline.AUTHENTICATION,
}  # fmt: skip
_REASONS = {
    Decline.SOFT: "insufficient funds",
    Decline.HARD: "stolen card",
    Decline.AUTHENTICATION: "the bank wants its customer to confirm",
}


def behaviour_of(token: str) -> str | None:
    """What a card does, by its token; None for a token that the sandbox never gave out."""
    parts = token.split(":")
    known = len(parts) in (2, 3) and parts[0] == NAME and parts[1] in BEHAVIOURS
    return parts[1] if known else None


def decline_of(session: Session, token: str) -> Decline | None:
    """Why a charge while the customer is away would be declined."""
    card = session.get(SandboxCard, token)
    if card is not None and card.forgotten:
        return Decline.HARD
    return _DECLINES.get(behaviour_of(token) or "")


@dataclass(frozen=True)
class Charging:
    """A charge as it is asked for."""

    key: str
    token: str
    money: Money


def charge_once(
    session: Session, asked: Charging, decline: Decline | None, now: datetime
) -> tuple[bool, SandboxCharge]:
    """Write a charge down unless its key has one; whether it is new, and the charge."""
    ref = f"spay_{public_id()}"
    made = insert_once(
        session, SandboxCharge, ref=ref, idem_key=asked.key, token=asked.token,
        amount=asked.money.amount, currency=asked.money.currency, decline=decline,
        refunded=0, made_at=now,
    )  # fmt: skip
    if made is not None:
        events.note(session, EventKind.PAYMENT, ref, asked.key, now)
    charge = charge_by_key(session, asked.key)
    assert charge is not None
    return made is not None, charge


def charge_by_key(session: Session, key: str) -> SandboxCharge | None:
    """The charge that was asked for with a key."""
    return session.scalars(select(SandboxCharge).where(SandboxCharge.idem_key == key)).one_or_none()


def answer(charge: SandboxCharge) -> Paid | Declined:
    """A charge as the gateway tells it."""
    if charge.decline is None:
        return Paid(charge.ref, Money(charge.amount, charge.currency))
    return Declined(charge.decline, _REASONS[charge.decline])


@dataclass(frozen=True)
class GivingBack:
    """A refund as it is asked for."""

    key: str
    payment_ref: str
    money: Money


def refund_once(session: Session, asked: GivingBack, now: datetime) -> Refunded | Refused | Unknown:
    """Give back at most what is left of a charge; a `timeout` card's first answer is lost."""
    charge = session.scalars(
        select(SandboxCharge)
        .where(SandboxCharge.ref == asked.payment_ref, SandboxCharge.decline.is_(None))
        .with_for_update()
    ).one_or_none()
    if charge is None or charge.currency != asked.money.currency or asked.money.amount <= 0:
        return Refused("no such payment")
    known = refund_by_key(session, asked.key)
    if known is not None:
        same = (known.charge_id, known.amount) == (charge.id, asked.money.amount)
        return Refunded(known.ref) if same else Refused("this key gave other money back")
    if charge.refunded + asked.money.amount > charge.amount:
        return Refused("more than is left of the payment")
    refund = SandboxRefund(
        ref=f"sref_{public_id()}", idem_key=asked.key, charge_id=charge.id,
        amount=asked.money.amount, made_at=now,
    )  # fmt: skip
    charge.refunded += asked.money.amount
    session.add(refund)
    events.note(session, EventKind.REFUND, refund.ref, asked.key, now)
    if behaviour_of(charge.token) == "timeout":
        return Unknown("the sandbox bank gave it back, but its answer was lost")
    return Refunded(refund.ref)


def refund_by_key(session: Session, key: str) -> SandboxRefund | None:
    """The refund that was asked for with a key."""
    return session.scalars(select(SandboxRefund).where(SandboxRefund.idem_key == key)).one_or_none()


def take_back(session: Session, payment_ref: str, now: datetime) -> str:
    """Have the customer's bank take a payment back, as trials of L10 need; the dispute's name."""
    charge = session.scalars(select(SandboxCharge).where(SandboxCharge.ref == payment_ref)).one()
    ref = f"sdis_{public_id()}"
    session.add(SandboxDispute(ref=ref, charge_id=charge.id, amount=charge.amount, won=None))
    events.note(session, EventKind.DISPUTE, ref, None, now)
    return ref


def end_dispute(session: Session, ref: str, now: datetime, *, won: bool) -> None:
    """Have the bank decide a dispute; won means that the money comes back to us."""
    session.scalars(select(SandboxDispute).where(SandboxDispute.ref == ref)).one().won = won
    events.note(session, EventKind.DISPUTE, ref, None, now)


def dispute(session: Session, ref: str) -> Dispute | None:
    """A dispute that `take_back` opened."""
    row = session.execute(
        select(SandboxDispute.amount, SandboxDispute.won, SandboxCharge.ref, SandboxCharge.currency)
        .join(SandboxCharge, SandboxCharge.id == SandboxDispute.charge_id)
        .where(SandboxDispute.ref == ref)
    ).one_or_none()
    return Dispute(ref, row.ref, Money(row.amount, row.currency), row.won) if row else None
