"""Decisions about documents: what they are called, numbered, and whether they may be dated so."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DocumentKind(StrEnum):
    """What a fiscal document is; each kind has a series of its own (L13)."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"

    @property
    def series(self) -> str:
        """The prefix of its numbers."""
        return "F" if self is DocumentKind.INVOICE else "A"


PROFORMA_SERIES = "PF"


class DocumentState(StrEnum):
    """A draft gathers lines and has no number; what is issued never changes."""

    DRAFT = "draft"
    ISSUED = "issued"


class ProformaState(StrEnum):
    """What became of a request for payment."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class LineKind(StrEnum):
    """What is sold."""

    DOMAIN = "domain"
    MAILBOX = "mailbox"


class TooEarly(Exception):
    """The document would be dated before the last one of its series (L13); nothing was taken."""


@dataclass(frozen=True)
class Item:
    """One thing sold: `months` of `subject`, paid from one day up to another (half-open).

    `price` is what the customer pays, tax included, in minor units.
    """

    kind: LineKind
    subject: str
    months: int
    starts_on: date
    ends_on: date
    price: int


def number(code: str, year: int, ordinal: int) -> str:
    """How a number is written: F2027-000012."""
    return f"{code}{year}-{ordinal:06d}"


def day_key(organization_id: int, contact_id: int | None, currency: str, day: date) -> str:
    """Names the one automatic invoice of an organization, billing contact and business day."""
    return f"day:{organization_id}:{contact_id or 0}:{currency}:{day.isoformat()}"


def state_on(state: ProformaState, expires_on: date, today: date) -> ProformaState:
    """What a proforma is on a day, also before the job that ends it has run."""
    over = state is ProformaState.OPEN and today > expires_on
    return ProformaState.EXPIRED if over else state
