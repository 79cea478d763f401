"""Events of the sandbox gateway: noted when something happens, signed as a webhook is (L9)."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.gateways.sandbox_models import SandboxEvent
from app.billing.ports import BadEvent, Event, EventKind
from app.billing.rules import accept_age
from app.lib.ids import public_id

HEADER = "Sandbox-Signature"


def note(session: Session, kind: EventKind, ref: str, key: str | None, at: datetime) -> None:
    """Keep that something happened to an object, in the transaction in which it did."""
    session.add(SandboxEvent(event_id=f"sevt_{public_id()}", kind=kind, ref=ref, key=key, at=at))


def since(session: Session, instant: datetime) -> list[Event]:
    """Events from that instant on, in the order in which they happened."""
    rows = session.scalars(
        select(SandboxEvent).where(SandboxEvent.at >= instant).order_by(SandboxEvent.id)
    )
    return [Event(row.event_id, EventKind(row.kind), row.ref, row.key) for row in rows]


def signed(event: Event, at: datetime) -> tuple[bytes, dict[str, str]]:
    """The raw body and the headers with which an event is posted to the portal."""
    told = {"id": event.id, "kind": event.kind.value, "ref": event.ref, "key": event.key}
    body = json.dumps(told).encode()
    stamp = str(int(at.timestamp()))
    return body, {HEADER: f"t={stamp},v1={_signature(stamp, body)}"}


def read(body: bytes, headers: Mapping[str, str], now: datetime) -> Event:
    """The event of a body that was signed here within the last five minutes; BadEvent."""
    given = {name.lower(): value for name, value in headers.items()}.get(HEADER.lower(), "")
    parts = dict(part.split("=", 1) for part in given.split(",") if "=" in part)
    stamp = parts.get("t", "")
    if not hmac.compare_digest(_signature(stamp, body).encode(), parts.get("v1", "").encode()):
        raise BadEvent("not signed by the sandbox")
    # Signed, so it is a number.
    if not accept_age(int(now.timestamp()) - int(stamp)):
        raise BadEvent("signed too long ago")
    try:
        told = json.loads(body)
        return Event(told["id"], EventKind(told["kind"]), told["ref"], told["key"])
    except (ValueError, KeyError, TypeError):
        raise BadEvent("no event") from None


def _signature(stamp: str, body: bytes) -> str:
    # A key of its own, so that nothing else that the installation signs can pass for an event.
    secret = str(current_app.config["SECRET_KEY"]).encode()
    own = hmac.digest(secret, b"sandbox gateway events", "sha256")
    return hmac.new(own, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
