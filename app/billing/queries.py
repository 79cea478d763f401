"""Reads of money: balances, contacts, cards."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Organization
from app.billing.models import BillingContact, Card, Wallet
from app.billing.ports import Payer, gateways
from app.billing.rules import Balance, CardFacts
from app.operator_tasks.service import is_open

# Where a gateway's page is shown in French, as it knows no person of ours.
_FRENCH = ("FR", "BE", "CH", "LU", "MC")


def balance(session: Session, organization_id: int, currency: str) -> Balance:
    """The organization's wallet in a currency; an empty one where there is none."""
    row = session.execute(
        select(Wallet.posted, Wallet.held).where(
            Wallet.organization_id == organization_id, Wallet.currency == currency
        )
    ).first()
    return Balance(row.posted, row.held, currency) if row else Balance(0, 0, currency)


def to_forecast_for_staff(session: Session, currency: str) -> list[int]:
    """Organizations whose wallet changed since it was last worked out what it will pay."""
    return list(
        session.scalars(
            select(Wallet.organization_id)
            .where(Wallet.forecast_due, Wallet.currency == currency)
            .order_by(Wallet.id)
        )
    )


def contacts(session: Session, organization_id: int) -> list[BillingContact]:
    """Billing contacts of an organization, its default one first."""
    return list(
        session.scalars(
            select(BillingContact)
            .where(BillingContact.organization_id == organization_id)
            .order_by(BillingContact.is_default.desc(), BillingContact.name, BillingContact.id)
        )
    )


def contact(
    session: Session, organization_ids: Collection[int], public_id: str
) -> BillingContact | None:
    """The billing contact of that id if one of the organizations has it."""
    return session.scalars(
        select(BillingContact).where(
            BillingContact.public_id == public_id,
            BillingContact.organization_id.in_(organization_ids),
        )
    ).one_or_none()


def cards(session: Session, organization_id: int) -> list[Card]:
    """Cards of an organization."""
    return list(
        session.scalars(
            select(Card).where(Card.organization_id == organization_id).order_by(Card.id)
        )
    )


def chargeable_cards(session: Session, organization_id: int) -> list[CardFacts]:
    """Cards of gateways that are in place, with what decides whether they are charged."""
    rows = session.execute(
        select(
            Card.id, Card.exp_year, Card.exp_month, Card.validated, Card.auto_debit,
            Card.unusable_because, Card.rank,
        ).where(Card.organization_id == organization_id, Card.gateway.in_(list(gateways())))
    )  # fmt: skip
    return [
        CardFacts(
            row.id, row.exp_year, row.exp_month, row.validated, row.auto_debit,
            row.unusable_because is not None, row.rank,
        )
        for row in rows
    ]  # fmt: skip


def wallet_is_in_doubt(session: Session, organization_id: int, currency: str) -> bool:
    """Whether the balance was found not to be its entries' sum: no card is charged then (L3)."""
    wallet_id = session.scalar(
        select(Wallet.id).where(
            Wallet.organization_id == organization_id, Wallet.currency == currency
        )
    )
    return is_open(session, "balance_differs", f"wallet:{wallet_id}")


def payer(session: Session, organization_id: int) -> Payer:
    """Who pays, in the words of a gateway: the organization, and where its bills go."""
    row = session.execute(
        select(
            Organization.public_id, Organization.name, Organization.country, BillingContact.email
        )
        .outerjoin(
            BillingContact,
            (BillingContact.organization_id == Organization.id) & BillingContact.is_default,
        )
        .where(Organization.id == organization_id)
    ).one()
    language = "fr" if row.country in _FRENCH else "en"
    return Payer(row.public_id, row.name, row.email or "", language)
