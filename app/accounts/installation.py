"""The installation's currency and business zone: fixed once there is a first organization."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.accounts.models import Installation, Organization
from app.db import db
from app.journal.service import Actor
from app.lib.dates import business_date
from app.web.state import now

_CACHE = "vigie.installation"


@dataclass(frozen=True)
class Terms:
    """What every business day and amount is counted in (R1, L5)."""

    currency: str
    tz: ZoneInfo

    def today(self, at: datetime) -> date:
        """The business date of an instant."""
        return business_date(at, self.tz)


@dataclass(frozen=True)
class Context:
    """Who acts, when, and in which currency and zone."""

    now: datetime
    terms: Terms
    by: Actor

    @property
    def today(self) -> date:
        """The business date of `now` (R1)."""
        return self.terms.today(self.now)


def terms(session: Session | None = None) -> Terms:
    """The installation's terms; kept for the process once they can no longer change."""
    kept = current_app.extensions.get(_CACHE)
    if isinstance(kept, Terms):
        return kept
    session = session or db.session()
    currency, zone, fixed = session.execute(
        select(
            Installation.currency, Installation.business_timezone, exists(select(Organization.id))
        )
    ).one()
    found = Terms(currency, ZoneInfo(zone))
    if fixed:
        current_app.extensions[_CACHE] = found
    return found


def forget_terms() -> None:
    """Read the terms anew: for imports, and for tests that swap the database."""
    current_app.extensions.pop(_CACHE, None)


def today() -> date:
    """The business date of the present request."""
    return terms().today(now())
