"""Jobs: drafts whose day is over become invoices; proformas that nobody paid expire."""

import logging
from datetime import datetime

from sqlalchemy import select

from app.accounts.installation import terms
from app.db import reading, transaction
from app.invoices.issuer import issuer
from app.invoices.models import Invoice, Proforma
from app.invoices.proformas import expire
from app.invoices.rates import NoRate
from app.invoices.rules import DocumentState, ProformaState, TooEarly
from app.invoices.service import close
from app.journal.service import Actor
from app.operator_tasks.service import close_tasks, open_task

log = logging.getLogger(__name__)


def close_days(now: datetime, run_id: int) -> int:
    """Issue every draft of an earlier business day, one transaction each; how many were."""
    today, seller, by = terms().today(now), issuer(), Actor(run_id=run_id)
    with reading() as session:
        waiting = session.scalars(
            select(Invoice.id)
            .where(Invoice.state == DocumentState.DRAFT, Invoice.day < today)
            .order_by(Invoice.day, Invoice.id)
        ).all()
    issued = 0
    for invoice_id in waiting:
        try:
            with transaction() as session:
                number = close(session, invoice_id, issuer=seller, by=by, today=today, now=now)
                close_tasks(session, "invoice_waits", subject=f"draft:{invoice_id}", now=now)
        except (NoRate, TooEarly) as problem:
            # One draft must not keep the others waiting.
            log.warning("draft %s stays a draft: %s", invoice_id, problem)
            with transaction() as session:
                open_task(
                    session, "invoice_waits", f"draft:{invoice_id}", now=now, why=str(problem)
                )
        else:
            issued += number is not None
    return issued


def expire_open(now: datetime, run_id: int) -> int:
    """End every open proforma whose last day is over; how many were."""
    today, by = terms().today(now), Actor(run_id=run_id)
    with reading() as session:
        late = session.scalars(
            select(Proforma.id)
            .where(Proforma.state == ProformaState.OPEN, Proforma.expires_on < today)
            .order_by(Proforma.id)
        ).all()
    ended = 0
    for proforma_id in late:
        with transaction() as session:
            ended += expire(session, proforma_id, by=by, today=today, now=now)
    return ended
