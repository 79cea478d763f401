"""The table of VAT rates: read, and edited by the host. What is issued keeps its own (L11)."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.invoices.models import VatRate
from app.journal.service import HOST, record


class NoRate(LookupError):
    """No VAT rate is known for a country on a day; the operator must enter it."""

    def __init__(self, country: str, day: date) -> None:
        super().__init__(f"no VAT rate of {country} on {day}")
        self.country = country


def rate_on(session: Session, country: str, day: date) -> int:
    """The standard rate of a country on a day, in hundredths of a percent. Raises NoRate."""
    rate = session.scalar(
        select(VatRate.rate)
        .where(VatRate.country == country, VatRate.from_date <= day)
        .order_by(VatRate.from_date.desc())
        .limit(1)
    )
    if rate is None:
        raise NoRate(country, day)
    return rate


def listed(session: Session) -> list[VatRate]:
    """All rates by country and day."""
    return list(session.scalars(select(VatRate).order_by(VatRate.country, VatRate.from_date)))


def put(session: Session, country: str, from_date: date, rate: int, *, now: datetime) -> None:
    """The rate of a country from a day on, in place of one that was entered for that day."""
    row = session.get(VatRate, (country, from_date), with_for_update=True)
    before = row.rate if row else None
    if row is None:
        session.add(VatRate(country=country, from_date=from_date, rate=rate))
    else:
        row.rate = rate
    record(
        session, "vat_rate.set", organization_id=None, subject=country, by=HOST, now=now,
        from_date=from_date.isoformat(), rate=rate, before=before,
    )  # fmt: skip
