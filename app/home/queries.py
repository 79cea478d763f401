"""Reads of the overview: what several rooms know of one organization."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Account, Organization
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.renewals.due import SOON
from app.subscriptions.models import Subscription
from app.subscriptions.queries import FORESEEN
from app.subscriptions.rules import GRACE_DAYS, SUSPENDED_DAYS, Kind, Verdict
from app.web.listing import count

# An overview that had more to read would be none; sums are still right up to here.
READ = 200
COUNTED = 10_000


class Told(Protocol):
    """What the overview's lists have in common; `owner` as in Due."""

    @property
    def kind(self) -> Kind: ...
    @property
    def subject(self) -> str: ...
    @property
    def owner(self) -> str | None: ...


@dataclass(frozen=True)
class Unpaid:
    """A service that is switched on and whose next renewal cannot be paid, as things stand.

    `missing` is in minor units; it is the wallet of `payer_id` that is short. `owner` is as in
    Due.
    """

    kind: Kind
    subject: str
    expires_on: date
    verdict: Verdict
    missing: int | None
    payer_id: int
    owner: str | None


def unpaid(session: Session, organization_id: int, today: date) -> list[Unpaid]:
    """What an organization has or pays that cannot be paid, soonest first, the first READ of it."""
    rows = session.execute(
        select(
            Subscription.kind, Subscription.subject, Subscription.expires_on, *FORESEEN,
            Subscription.organization_id, Organization.name.label("owner"),
        )
        .join(Organization, Organization.id == Subscription.organization_id)
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(
            or_(
                Subscription.organization_id == organization_id,
                Subscription.billed_organization_id == organization_id,
            ),
            Subscription.verdict != Verdict.WILL_RENEW,
            _can_be_saved(today),
        )
        .order_by(Subscription.expires_on, Subscription.kind, Subscription.subject)
        .limit(READ)
    )  # fmt: skip
    return [
        Unpaid(
            row.kind,
            row.subject,
            row.expires_on,
            row.verdict,
            row.missing,
            row.payer_id,
            None if row.organization_id == organization_id else row.owner,
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Ending:
    """A service of one's own that ends, or has ended, and will not renew by itself."""

    kind: Kind
    subject: str
    expires_on: date
    owner: None = None


def endings(session: Session, organization_id: int, today: date) -> list[Ending]:
    """What ends within 30 days, or ended so lately that it can still be saved, soonest first."""
    rows = session.execute(
        select(Subscription.kind, Subscription.subject, Subscription.expires_on)
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(
            Subscription.organization_id == organization_id,
            Subscription.auto_renewal.is_(False),
            Subscription.expires_on <= today + SOON,
            _can_be_saved(today),
        )
        .order_by(Subscription.expires_on, Subscription.kind, Subscription.subject)
        .limit(READ)
    )
    return [Ending(*row) for row in rows]


def _can_be_saved(today: date) -> ColumnElement[bool]:
    """A name that is not gone; a mailbox until it may be deleted (R4)."""
    kept = today - timedelta(days=GRACE_DAYS + SUSPENDED_DAYS)
    return or_(
        and_(Subscription.kind == Kind.DOMAIN, Domain.status != DomainStatus.GONE),
        and_(Subscription.kind == Kind.MAILBOX, Subscription.expires_on > kept),
    )


@dataclass(frozen=True)
class Counts:
    """How many there are, counted up to COUNTED; one more stands for more than that."""

    domains: int
    mailboxes: int
    accounts: int


def counts(session: Session, organization_id: int) -> Counts:
    """Domains, mailboxes and hosting accounts of an organization, in one statement."""

    domains = select(Domain.id).where(Domain.organization_id == organization_id)
    mailboxes = select(Subscription.id).where(
        Subscription.organization_id == organization_id, Subscription.kind == Kind.MAILBOX
    )
    accounts = select(Account.id).where(Account.organization_id == organization_id)
    row = session.execute(
        select(count(domains, COUNTED), count(mailboxes, COUNTED), count(accounts, COUNTED))
    ).one()
    return Counts(*row)
