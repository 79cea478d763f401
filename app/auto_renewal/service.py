"""Changes one service's auto-renewal choice, and takes the change back."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.models import BillingContact, Card
from app.billing.queries import contacts
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.journal.service import Actor
from app.renewals.rules import next_attempt_day
from app.subscriptions.models import Subscription
from app.subscriptions.queries import of_domain, prices
from app.subscriptions.rules import Kind
from app.subscriptions.service import Choice, choose, current_choice, limit, locked


class Refusal(StrEnum):
    """Why a choice is not taken."""

    NOT_YOURS = "not_yours"
    CHANGED_MEANWHILE = "changed_meanwhile"
    PAYER = "payer"
    CONTACT = "contact"
    CARD = "card"
    NO_PRICE = "no_price"
    GONE = "gone"


class Refused(Exception):
    """The choice was not taken; nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True)
class Change:
    """What one change did, as its undoing needs it: the choice before, the version after."""

    subscription_id: int
    before: Choice
    after: str


@dataclass(frozen=True)
class Caller:
    """Who changes, and when: whom they may have pay, whose renewals they manage."""

    by: Actor
    billable_ids: Collection[int]
    organization_ids: Collection[int]
    today: date
    now: datetime


def version(choice: Choice) -> str:
    """A short name of a choice, by which a form knows whether it is still the one it showed."""
    return hashlib.sha256(repr(astuple(choice)).encode()).hexdigest()[:16]


def change_auto_renewal(
    session: Session,
    subscription_id: int,
    choice: Choice,
    *,
    seen: str,
    caller: Caller,
    domain_too: bool = False,
) -> list[Change]:
    """Take a choice, and switch its domain on too if asked; an empty list where it stood already.

    `seen` is the version that the person had before their eyes. Raises Refused.
    """
    subscription = _managed(session, subscription_id, caller)
    before = current_choice(subscription)
    if before != choice and version(before) != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    changes = [_take(session, subscription, choice, caller)]
    if domain_too and choice.on and subscription.kind is Kind.MAILBOX:
        changes.append(
            switch_domain_on(
                session, subscription.domain_id, subscription.billed_organization_id, caller
            )
        )
    return [change for change in changes if change]


def limit_price(session: Session, subscription_id: int, cap: int | None, *, caller: Caller) -> bool:
    """Set the price above which it does not renew, in minor units; whether that changed anything.

    A limit decides about the payer's money, so what is on asks for the right to bill, as choosing
    does. Raises Refused.
    """
    subscription = _managed(session, subscription_id, caller)
    if not may_limit(current_choice(subscription), caller.billable_ids):
        raise Refused(Refusal.PAYER)
    return limit(session, subscription, cap, by=caller.by, now=caller.now)


def may_limit(choice: Choice, billable_ids: Collection[int]) -> bool:
    """Whether who may bill these organizations may say how much this is to cost at most."""
    return not choice.on or choice.billed_organization_id in billable_ids


def undo(session: Session, changes: Sequence[Change], *, caller: Caller) -> None:
    """Bring back what stood before; Refused when anything changed since, or is not there any more.

    The choice that comes back was made by somebody who had the right to, so no right to bill is
    asked for again.
    """
    for change in changes:
        subscription = _managed(session, change.subscription_id, caller)
        if version(current_choice(subscription)) != change.after:
            raise Refused(Refusal.CHANGED_MEANWHILE)
        check_belongings(session, change.before)
        _choose(session, subscription, change.before, caller)


def _managed(session: Session, subscription_id: int, caller: Caller) -> Subscription:
    subscription = locked(session, subscription_id)
    if subscription.organization_id not in caller.organization_ids:
        raise Refused(Refusal.NOT_YOURS)
    return subscription


def _take(
    session: Session, subscription: Subscription, choice: Choice, caller: Caller
) -> Change | None:
    before = current_choice(subscription)
    if before == choice:
        return None
    if choice.on:
        _check_on(session, subscription, choice, caller.billable_ids)
    _choose(session, subscription, choice, caller)
    return Change(subscription.id, before, version(choice))


def _choose(session: Session, subscription: Subscription, choice: Choice, caller: Caller) -> None:
    slot = next_attempt_day(subscription.kind, subscription.expires_on, caller.today)
    choose(session, subscription, choice, next_slot_on=slot, by=caller.by, now=caller.now)


def _check_on(
    session: Session, subscription: Subscription, choice: Choice, billable_ids: Collection[int]
) -> None:
    if choice.billed_organization_id not in billable_ids:
        raise Refused(Refusal.PAYER)
    domain = session.get_one(Domain, subscription.domain_id)
    if subscription.kind is Kind.DOMAIN and domain.status is DomainStatus.GONE:
        raise Refused(Refusal.GONE)
    if prices(session).of(subscription.kind, domain.extension, choice.months) is None:
        raise Refused(Refusal.NO_PRICE)
    check_belongings(session, choice)


class _Named(Protocol):
    """Who is to pay, under whose name, with which card."""

    @property
    def billed_organization_id(self) -> int | None: ...
    @property
    def billing_contact_id(self) -> int | None: ...
    @property
    def card_id(self) -> int | None: ...


def check_belongings(session: Session, choice: _Named) -> None:
    """Contact and card must be the payer's own, the card a validated one (R22)."""
    payer = choice.billed_organization_id
    if choice.billing_contact_id is not None and not session.scalar(
        select(BillingContact.id).where(
            BillingContact.id == choice.billing_contact_id, BillingContact.organization_id == payer
        )
    ):
        raise Refused(Refusal.CONTACT)
    if choice.card_id is not None and not session.scalar(
        select(Card.id).where(
            Card.id == choice.card_id, Card.organization_id == payer, Card.validated
        )
    ):
        raise Refused(Refusal.CARD)


def switch_domain_on(
    session: Session, domain_id: int, payer: int | None, caller: Caller
) -> Change | None:
    """The seed's advice: renew a mailbox's domain too, from the same payer. Raises Refused."""
    own = of_domain(session, domain_id)
    if own is None or own.auto_renewal:
        return None
    domain = _managed(session, own.id, caller)
    before = current_choice(domain)
    if before.on:
        return None
    same = before.billed_organization_id == payer
    choice = Choice(
        on=True,
        months=before.months,
        billed_organization_id=payer,
        billing_contact_id=before.billing_contact_id if same else _default_contact(session, payer),
        card_id=before.card_id if same else None,
    )
    return _take(session, domain, choice, caller)


def _default_contact(session: Session, organization_id: int | None) -> int | None:
    if organization_id is None:
        return None
    return next((contact.id for contact in contacts(session, organization_id)), None)
