"""A mailbox renewed by hand: early, in grace, or long after it expired (R5, R15)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.domains.models import Domain
from app.renewals import queries
from app.renewals.rules import Outcome, Trigger
from app.renewals.service import Ended, Order, attempt
from app.subscriptions.queries import prices
from app.subscriptions.rules import Kind
from app.subscriptions.service import forecast_anew, locked


class AlreadyDone(Exception):
    """The period was renewed in the meantime, or this very form was sent before (R15, R20)."""


@dataclass(frozen=True)
class Wish:
    """What a person asks for: `months` after `expires_on`, the date that the page showed them.

    `nonce` names the form they filled in, so that sending it twice is asking once.
    """

    subscription_id: int
    expires_on: date
    months: int
    payer_id: int
    nonce: str


def renew_now(session: Session, wish: Wish, context: Context) -> Outcome:
    """Try at once; rights were checked by the caller. Raises AlreadyDone."""
    subscription = locked(session, wish.subscription_id)
    if subscription.kind is not Kind.MAILBOX:
        raise ValueError("domains are renewed early by a proforma")
    if subscription.expires_on != wish.expires_on or queries.being_renewed(
        session, subscription.id, subscription.expires_on
    ):
        raise AlreadyDone
    forecast_anew(session, subscription, wish.payer_id)
    order = Order(
        subscription,
        session.get_one(Domain, subscription.domain_id),
        f"{Trigger.MANUAL}:{wish.nonce}",
        wish.months,
        wish.payer_id,
        may_reactivate=True,
        price=prices(session).of(Kind.MAILBOX, "", wish.months),
    )
    tried = attempt(session, order, context)
    if not isinstance(tried, Ended):
        raise AlreadyDone
    return tried.outcome
