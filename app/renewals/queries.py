"""Reads of the engine: what is due, what a mailbox's domain says, what is still open."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Exists, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.domains.models import Domain
from app.domains.rules import EXTERNAL, DomainStatus
from app.mailboxes.models import Mailbox
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import DomainTie, Item, Outcome, RenewalState, Trigger, payment_order
from app.subscriptions.models import Subscription
from app.subscriptions.queries import prices
from app.subscriptions.rules import MONTHS, Kind, Period, after_renewal

# Another process may still be on the line with the registry.
ASK_AGAIN_AFTER = timedelta(minutes=5)
OPEN = (RenewalState.CLAIMED, RenewalState.UNKNOWN)


@dataclass(frozen=True)
class Due:
    """A subscription whose slot has come."""

    subscription_id: int
    payer_id: int | None


def due_for_staff(session: Session, today: date, now: datetime) -> list[Due]:
    """All subscriptions to look at today, in the order in which they are paid (R13)."""
    catalogue = prices(session)
    rows = session.execute(
        select(
            Subscription.id,
            Subscription.kind,
            Subscription.expires_on,
            Subscription.renewal_months,
            Subscription.billed_organization_id,
            Subscription.announced_price,
            Subscription.announced_months,
            Domain.extension,
        )
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(
            Subscription.next_slot_on <= today,
            or_(Subscription.retry_at.is_(None), Subscription.retry_at <= now),
        )
    ).all()
    items = [
        Item(
            row.id,
            row.kind,
            row.expires_on,
            catalogue.to_pay(
                row.kind,
                row.extension,
                row.renewal_months,
                row.announced_price,
                row.announced_months,
            )
            or 0,
        )
        for row in rows
    ]
    payers = {row.id: row.billed_organization_id for row in rows}
    return [Due(item.id, payers[item.id]) for item in sorted(items, key=payment_order)]


def attempts_of(session: Session, subscription_id: int, expires_on: date) -> int:
    """How many automatic attempts there were for the period that ends on `expires_on`."""
    return session.scalars(
        select(func.count())
        .select_from(Attempt)
        .where(
            Attempt.subscription_id == subscription_id,
            Attempt.cur_expires_on == expires_on,
            ~Attempt.trigger.startswith(Trigger.MANUAL.value),
        )
    ).one()


def being_renewed(session: Session, subscription_id: int, expires_on: date) -> bool:
    """Whether this very period is being renewed, or was (R9)."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Renewal.subscription_id == subscription_id,
                    Renewal.cur_expires_on == expires_on,
                    Renewal.state != RenewalState.FAILED,
                )
            )
        )
    )


def tie_of(session: Session, domain_id: int) -> DomainTie:
    """What a mailbox must know of the domain it lives on (R18), in one statement."""
    return ties_of(session, [domain_id])[domain_id]


def ties_of(session: Session, domain_ids: Collection[int] | Select[int]) -> dict[int, DomainTie]:
    """The same of many domains, by their ids, in one statement."""
    rows = session.execute(
        select(Domain.id, *TIE).outerjoin(OWN, ITS_OWN).where(Domain.id.in_(domain_ids))
    )
    return {row.id: tie(row) for row in rows}


# The subscription of a domain itself, beside those of the mailboxes on it.
OWN = aliased(Subscription)
ITS_OWN = and_(OWN.domain_id == Domain.id, OWN.kind == Kind.DOMAIN)
# What `tie` wants of a domain and its own subscription.
TIE = (
    Domain.registrar,
    Domain.status.label("domain_status"),
    OWN.expires_on.label("paid_through"),
    OWN.auto_renewal.label("domain_on"),
    exists()
    .where(
        Attempt.subscription_id == OWN.id,
        Attempt.cur_expires_on == OWN.expires_on,
        Attempt.outcome.is_not(None),
        Attempt.outcome.not_in([Outcome.RENEWED, Outcome.UNKNOWN]),
    )
    .label("domain_failed"),
)


def tie(row: Any) -> DomainTie:
    """What a mailbox's renewal must know of its domain, from a row with the columns TIE."""
    return DomainTie(
        external=row.registrar == EXTERNAL,
        gone=row.domain_status is DomainStatus.GONE,
        paid_through=row.paid_through,
        auto_renewal=bool(row.domain_on),
        failed=bool(row.domain_failed),
    )


@dataclass(frozen=True)
class OwnMailbox:
    """A mailbox of the person's organizations, as its renewal by hand needs it."""

    subscription_id: int
    organization_id: int
    name: str
    domain: str
    expires_on: date


def mailbox_of(
    session: Session, organization_ids: Collection[int], address: str
) -> OwnMailbox | None:
    """The mailbox of that address if one of the organizations has it."""
    row = session.execute(
        select(
            Subscription.id,
            Subscription.organization_id,
            Mailbox.address,
            Domain.name,
            Subscription.expires_on,
        )
        .join(Mailbox, Mailbox.subscription_id == Subscription.id)
        .join(Domain, Domain.id == Mailbox.domain_id)
        .where(Mailbox.address == address, Subscription.organization_id.in_(organization_ids))
    ).one_or_none()
    return OwnMailbox(*row) if row else None


def ends_after_renewal(session: Session, subscription_id: int, today: date) -> dict[Period, date]:
    """When a mailbox would end if it were renewed by hand today, for each period."""
    anchor, months = session.execute(
        select(Subscription.anchor, Subscription.months).where(Subscription.id == subscription_id)
    ).one()
    if anchor is None or months is None:
        raise ValueError(f"subscription {subscription_id} is no mailbox's")
    return {
        period: after_renewal(anchor, months, more, today).expires_on
        for period, more in MONTHS.items()
    }


def open_renewals_for_staff(session: Session, now: datetime) -> list[int]:
    """Renewals without a known end that nobody has asked about lately: the oldest first."""
    return list(
        session.scalars(
            select(Renewal.id)
            .where(
                Renewal.state.in_(OPEN),
                Renewal.looked_up_at <= now - ASK_AGAIN_AFTER,
            )
            .order_by(Renewal.id)
        )
    )


def tried_so_far(today: date) -> tuple[Exists, Exists]:
    """Whether a subscription's present period was tried at all, and by the slot of `today`."""
    tried = exists().where(
        Attempt.subscription_id == Subscription.id,
        Attempt.cur_expires_on == Subscription.expires_on,
    )
    by_slot = Attempt.business_date == today, Attempt.trigger == Trigger.DAILY.value
    return tried, tried.where(*by_slot)
