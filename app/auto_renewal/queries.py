"""Reads behind the auto-renewal page of one mailbox or domain."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from app.auto_renewal.preview import CardFacts, Facts
from app.billing import queries as billing
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.mailboxes.models import Mailbox
from app.renewals import queries as renewals
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import RenewalState, Trigger
from app.subscriptions.models import Subscription
from app.subscriptions.queries import prices
from app.subscriptions.rules import Kind, dearer
from app.subscriptions.service import Choice, current_choice


@dataclass(frozen=True)
class Renewable:
    """One mailbox or domain and its present choice, as plain data."""

    subscription_id: int
    kind: Kind
    name: str
    organization_id: int
    expires_on: date
    choice: Choice
    domain_id: int
    domain: str
    extension: str
    gone: bool
    # R16, in minor units: the price last announced, for how many months, and the limit.
    announced_price: int | None
    announced_months: int | None
    price_cap: int | None


@dataclass(frozen=True)
class ContactOption:
    """A billing contact of the payer."""

    id: int
    public_id: str
    name: str
    city: str


@dataclass(frozen=True)
class CardOption:
    """A validated card of the payer."""

    id: int
    public_id: str
    brand: str
    last4: str
    holder: str
    exp_month: int
    exp_year: int


def of_mailbox(
    session: Session, organization_ids: Collection[int], address: str
) -> Renewable | None:
    """The mailbox of that address if one of the organizations has it."""
    return _find(
        session,
        _SERVICE.join(Mailbox, Mailbox.subscription_id == Subscription.id).where(
            Mailbox.address == address
        ),
        organization_ids,
    )


def of_domain(session: Session, organization_ids: Collection[int], name: str) -> Renewable | None:
    """The domain of that name if one of the organizations renews it here."""
    return _find(
        session,
        _SERVICE.where(Domain.name == name, Subscription.kind == Kind.DOMAIN),
        organization_ids,
    )


_SERVICE = select(Subscription, Domain.name, Domain.extension, Domain.status).join(
    Domain, Domain.id == Subscription.domain_id
)


def _find(
    session: Session,
    statement: Select[Subscription, str, str, DomainStatus],
    organization_ids: Collection[int],
) -> Renewable | None:
    row = session.execute(
        statement.where(Subscription.organization_id.in_(organization_ids))
    ).one_or_none()
    if row is None:
        return None
    found, domain, extension, status = row
    return Renewable(
        subscription_id=found.id,
        kind=found.kind,
        name=found.subject,
        organization_id=found.organization_id,
        expires_on=found.expires_on,
        choice=current_choice(found),
        domain_id=found.domain_id,
        domain=domain,
        extension=extension,
        gone=status is DomainStatus.GONE,
        announced_price=found.announced_price,
        announced_months=found.announced_months,
        price_cap=found.price_cap,
    )


def price_to_pay(session: Session, service: Renewable, months: int) -> int | None:
    """What its next renewal by itself costs if it is for `months` (R16); None: not for sale."""
    return prices(session).to_pay(
        service.kind, service.extension, months, service.announced_price, service.announced_months
    )


def later_price(session: Session, service: Renewable, months: int, price: int) -> int | None:
    """What the catalogue asks for so many months, where that is more than `price` (R16)."""
    return dearer(prices(session).of(service.kind, service.extension, months), price)


def contacts(session: Session, organization_id: int) -> list[ContactOption]:
    """The organization's billing contacts, its default one first."""
    return [
        ContactOption(one.id, one.public_id, one.name, one.city)
        for one in billing.contacts(session, organization_id)
    ]


def cards(session: Session, organization_id: int) -> list[CardOption]:
    """The organization's validated cards."""
    return [
        CardOption(
            one.id, one.public_id, one.brand, one.last4, one.holder, one.exp_month, one.exp_year
        )
        for one in billing.cards(session, organization_id)
        if one.validated
    ]


def is_under_way(session: Session, service: Renewable) -> bool:
    """Whether a renewal of this period was begun, which switching off does not stop (R15)."""
    return renewals.being_renewed(session, service.subscription_id, service.expires_on)


def renewed_since(
    session: Session, subscription_ids: Collection[int] | Select[int], since: datetime
) -> int:
    """How many of these were renewed, or are being renewed, since an instant."""
    return session.scalars(
        select(func.count(Renewal.subscription_id.distinct())).where(
            Renewal.subscription_id.in_(subscription_ids),
            Renewal.claimed_at >= since,
            Renewal.state != RenewalState.FAILED,
        )
    ).one()


@dataclass(frozen=True)
class DomainOffer:
    """The mailbox's domain, which could be switched on too; the price in minor units."""

    months: int
    price: int


def domain_offer(
    session: Session, service: Renewable, organization_ids: Collection[int]
) -> DomainOffer | None:
    """The mailbox's domain if it does not renew itself, has a price, and is theirs to change."""
    if service.kind is not Kind.MAILBOX or service.gone:
        return None
    months = session.scalar(
        select(Subscription.renewal_months).where(
            Subscription.domain_id == service.domain_id,
            Subscription.kind == Kind.DOMAIN,
            Subscription.organization_id.in_(organization_ids),
            ~Subscription.auto_renewal,
        )
    )
    if months is None:
        return None
    price = prices(session).of(Kind.DOMAIN, service.extension, months)
    return None if price is None else DomainOffer(months, price)


def facts(
    session: Session,
    service: Renewable,
    choice: Choice,
    *,
    visible_ids: Collection[int],
    currency: str,
    today: date,
    contact: ContactOption | None = None,
    card: CardOption | None = None,
    cards_of_payer: int = 0,
    also: int = 0,
) -> Facts:
    """What the preview of a choice is made from; a wallet counts only if its payer is visible."""
    payer = choice.billed_organization_id
    available = None
    if payer is not None and payer in visible_ids:
        available = billing.balance(session, payer, currency).available
    return Facts(
        kind=service.kind,
        expires_on=service.expires_on,
        today=today,
        on=choice.on,
        months=choice.months,
        price=price_to_pay(session, service, choice.months),
        available=available,
        also=also,
        tried_today=_tried_today(session, service, today),
        tie=renewals.tie_of(session, service.domain_id) if service.kind is Kind.MAILBOX else None,
        contact=contact.name if contact else None,
        card=CardFacts(card.holder, card.exp_month, card.exp_year) if card else None,
        cards_of_payer=cards_of_payer,
    )


def _tried_today(session: Session, service: Renewable, today: date) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(
                    Attempt.subscription_id == service.subscription_id,
                    Attempt.cur_expires_on == service.expires_on,
                    Attempt.business_date == today,
                    Attempt.trigger == Trigger.DAILY,
                )
            )
        )
    )
