"""Proformas paid: the money is taken (commit), then each domain is renewed at its registry."""

import logging
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.accounts.installation import Context, terms
from app.billing.payment_models import Payment
from app.billing.rules import PaymentState
from app.billing.top_up_flows import Begun, TopUp, top_up
from app.db import insert_once, reading, transaction
from app.invoices import proformas
from app.invoices import service as invoices
from app.invoices.issuer import issuer
from app.invoices.models import Invoice, Proforma
from app.invoices.rates import NoRate
from app.invoices.rules import DocumentState, ProformaState, TooEarly
from app.journal.service import Actor
from app.renewals import early
from app.renewals.flows import settle
from app.renewals.models import ProformaPayment, Renewal
from app.renewals.queries import OPEN

log = logging.getLogger(__name__)


def pay(proforma_id: int, context: Context) -> None:
    """Pay a proforma from the wallet and renew what it lists. Raises as `early.pay` does.

    A registry that does not answer leaves its line to the recovery; what it refuses is given back.
    """
    with transaction() as session:
        claimed = early.pay(session, proforma_id, context)
    for renewal_id in claimed:
        settle(renewal_id, context)
    close_invoice(proforma_id, context)


def id_of(number: str) -> int:
    """The id of the proforma of that number."""
    with reading() as session:
        return proformas.id_of(session, number)


def top_up_for(number: str, wish: TopUp, context: Context) -> Begun | None:
    """Pay in what a proforma lacks, and remember what for: it is paid as soon as that has come.

    Raises as `top_up` does.
    """
    begun = top_up(wish, context)
    if begun is not None:
        with transaction() as session:
            insert_once(
                session,
                ProformaPayment,
                proforma_id=proformas.id_of(session, number),
                payment_id=session.scalars(
                    select(Payment.id).where(Payment.public_id == begun.payment)
                ).one(),
            )
    return begun


def has_come(payment: str) -> bool:
    """Whether the money of a payment, by its public id, is in the wallet."""
    with reading() as session:
        state = session.scalar(select(Payment.state).where(Payment.public_id == payment))
    return state is PaymentState.CAPTURED


def close_invoice(proforma_id: int, context: Context) -> None:
    """Issue a proforma's invoice once all of it has ended; the daily job does those left over."""
    try:
        with transaction() as session:
            _close_invoice(session, proforma_id, context)
    except (NoRate, TooEarly) as problem:
        log.warning("the invoice of proforma %s waits: %s", proforma_id, problem)


def _close_invoice(session: Session, proforma_id: int, context: Context) -> None:
    pending = select(Renewal.id).where(Renewal.proforma_id == proforma_id, Renewal.state.in_(OPEN))
    draft_id = session.scalar(
        select(Invoice.id).where(
            Invoice.proforma_id == proforma_id,
            Invoice.state == DocumentState.DRAFT,
            ~exists(pending),
        )
    )
    if draft_id is not None:
        invoices.close(
            session, draft_id, issuer=issuer(), by=context.by, today=context.today, now=context.now
        )


def pay_funded(now: datetime, run_id: int) -> int:
    """Pay proformas whose money came from a gateway meanwhile; how many were paid."""
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        waiting = session.scalars(
            select(Proforma.id)
            .join(ProformaPayment, ProformaPayment.proforma_id == Proforma.id)
            .join(Payment, Payment.id == ProformaPayment.payment_id)
            .where(Proforma.state == ProformaState.OPEN, Payment.state == PaymentState.CAPTURED)
            .distinct()
            .order_by(Proforma.id)
        ).all()
    paid = 0
    for proforma_id in waiting:
        try:
            pay(proforma_id, context)
        except (early.Short, early.OutOfDate, proformas.NotOpen):
            # The money stays in the wallet; the page of the proforma says what is in the way.
            continue
        paid += 1
    return paid
