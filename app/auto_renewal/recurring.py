"""Switches the ticked domains of an organization on, with one contact and card (R20, R22)."""

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from app.auto_renewal.bulk import Done, Order, change_all
from app.auto_renewal.bulk_choice import BulkChoice
from app.auto_renewal.recurring_queries import stop
from app.auto_renewal.service import Caller, Refusal, Refused, check_belongings
from app.domains import selecting
from app.domains.models import Domain
from app.selections.queries import ticks
from app.selections.service import clear
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind


def confirm(
    session: Session, choice: BulkChoice, *, sign_in_id: int, seen: str, nonce: str, caller: Caller
) -> Done:
    """Switch the payer's ticked domains on that nothing stands in the way of, and untick all.

    The rights to bill and to manage renewals were checked by the caller. `seen` is the survey's
    name of what the person saw; `nonce` names the form. Raises Different where anything else is
    ticked, Refused where contact or card are not the payer's own; then nothing is changed.
    """
    if choice.billing_contact_id is None:
        raise Refused(Refusal.CONTACT)
    if choice.card_id is None:
        raise Refused(Refusal.CARD)
    check_belongings(session, choice)
    payer = choice.billed_organization_id or 0
    scope = selecting.scope_of(payer)
    found = ticks(session, sign_in_id, scope, locked=True)
    columns = select(Domain.id, case((stop().is_(None), Subscription.id)).label("target"))
    ticked = selecting.ticked(payer, found, columns)
    done = change_all(session, Order(Kind.DOMAIN, choice, ticked, seen, nonce), caller)
    clear(session, sign_in_id, scope)
    return done
