"""Numbers without gap, in the order of dates, taken with the document itself (L13, CP11)."""

from datetime import date

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from app.db import insert_once
from app.invoices.models import InvoiceSeries
from app.invoices.rules import TooEarly, number


def take_number(session: Session, code: str, on: date) -> str:
    """The next number of a series; the series stays locked until the caller's transaction ends.

    So take it last. A rollback gives the number back. Raises TooEarly.
    """
    mine = InvoiceSeries.code == code
    taken = _taken(session, code, on)
    if taken is None and not session.scalar(
        select(exists().where(mine, InvoiceSeries.year >= on.year))
    ):
        # Of two that begin a year, one waits here for the other and then counts on.
        insert_once(session, InvoiceSeries, code=code, year=on.year, next_number=1, last_date=on)
        taken = _taken(session, code, on)
    if taken is None or session.scalar(select(exists().where(mine, InvoiceSeries.year > on.year))):
        raise TooEarly(f"{on} is before the last day of {code}")
    return number(code, on.year, taken)


def _taken(session: Session, code: str, on: date) -> int | None:
    return session.scalar(
        update(InvoiceSeries)
        .where(
            InvoiceSeries.code == code,
            InvoiceSeries.year == on.year,
            InvoiceSeries.last_date <= on,
        )
        .values(next_number=InvoiceSeries.next_number + 1, last_date=on)
        .returning(InvoiceSeries.next_number - 1)
        .execution_options(synchronize_session=False)
    )
