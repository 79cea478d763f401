"""Charges a payer's card for what is due: one a day for all, default card first (R13b, R14)."""

import logging
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.installation import Context, terms
from app.billing import payments
from app.billing.models import Card, Wallet
from app.billing.payment_flows import charge
from app.billing.payment_models import Payment
from app.billing.payments import Ask
from app.billing.queries import balance, chargeable_cards, wallet_is_in_doubt
from app.billing.rules import Decline, PaymentState, Purpose, cards_to_try
from app.db import db, reading, transaction
from app.journal.service import Actor
from app.renewals import funding_queries as queries
from app.renewals.funding import Bill, bill
from app.renewals.models import FundedPeriod

log = logging.getLogger(__name__)


def fund(payer_id: int, context: Context, *, in_window: bool = False) -> bool:
    """Charge a card where the wallet does not reach; whether what is due may be tried now.

    False only while another process may be charging: what is due waits for the next tick. Whether
    a card paid, declined or did not answer, is seen by the attempts that follow.
    """
    with reading() as session:
        if queries.being_charged(session, payer_id):
            return False
        wanted = _bill(session, payer_id, context, in_window=in_window)
        cards = _cards(session, payer_id, wanted, context) if wanted.amount else []
    for card_id in cards:
        payment_id = _begin(payer_id, card_id, wanted, context)
        if payment_id is None:
            continue
        if _ends_it(charge(payment_id, context), payment_id):
            break
    with reading() as session:
        return not queries.being_charged(session, payer_id)


def refill(now: datetime, run_id: int) -> int:
    """Top up by card the wallets that fell below what their owners want; how many were asked."""
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        low = queries.to_refill_for_staff(session, context.terms.currency)
    for payer_id in low:
        fund_guarded(payer_id, context)
    return len(low)


def fund_guarded(payer_id: int, context: Context, *, in_window: bool = False) -> bool:
    """The same; what breaks for one payer is logged and stops nobody else."""
    try:
        return fund(payer_id, context, in_window=in_window)
    except Exception:  # whatever it is, the attempts tell what is missing
        log.exception("cards of organization %s could not be charged", payer_id)
        db.session.rollback()
        return True


def clear_funded(wallet_id: int, came: str) -> None:
    """What came was made use of; unless something else came meanwhile."""
    with transaction() as session:
        session.execute(
            update(Wallet)
            .where(Wallet.id == wallet_id, Wallet.funded_by == came)
            .values(funded_by=None)
            .execution_options(synchronize_session=False)
        )


def _bill(session: Session, payer_id: int, context: Context, *, in_window: bool) -> Bill:
    currency = context.terms.currency
    if wallet_is_in_doubt(session, payer_id, currency):
        return Bill(0, [])
    return bill(
        queries.wanted_of(session, payer_id, context, in_window=in_window),
        balance(session, payer_id, currency).available,
        queries.refill_of(session, payer_id, currency),
    )


def _cards(session: Session, payer_id: int, wanted: Bill, context: Context) -> list[int]:
    named = [one.card_id for one in wanted.renewals]
    known = chargeable_cards(session, payer_id)
    return [card.id for card in cards_to_try(known, context.today, named)]


def _begin(payer_id: int, card_id: int, wanted: Bill, context: Context) -> int | None:
    """Write the charge down with what it is for; None when this card or payer paid today."""
    with transaction() as session:
        card = session.scalars(select(Card).where(Card.id == card_id)).one_or_none()
        if card is None:
            return None
        ask = Ask(
            payer_id, wanted.amount,
            Purpose.FUNDING if wanted.renewals else Purpose.AUTO_TOP_UP, card.gateway,
            f"funding:{payer_id}:{card.public_id}:{context.today.isoformat()}", card,
        )  # fmt: skip
        payment_id = payments.begin(session, ask, context)
        if payment_id is not None:
            session.add_all(
                FundedPeriod(
                    payment_id=payment_id, subscription_id=one.id, cur_expires_on=one.expires_on,
                    price=one.price,
                )
                for one in wanted.renewals
            )  # fmt: skip
        return payment_id


def _ends_it(state: PaymentState, payment_id: int) -> bool:
    """Whether no further card is tried: it was paid, may have been, or needs the customer."""
    if state is not PaymentState.DECLINED:
        return True
    with reading() as session:
        decline = session.scalar(select(Payment.decline).where(Payment.id == payment_id))
    return decline is Decline.AUTHENTICATION
