"""Billing contacts: to whom an organization's invoices are made out."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.models import BillingContact
from app.journal.service import Actor, record
from app.lib.ids import public_id


class NoContact(Exception):
    """The organization has no billing contact of that id."""


@dataclass(frozen=True)
class Details:
    """What an invoice says of its addressee; `country` in two letters of ISO 3166."""

    name: str
    address: str
    postcode: str
    city: str
    country: str
    vat_id: str | None
    email: str


def add(
    session: Session,
    organization_id: int,
    details: Details,
    *,
    is_default: bool,
    by: Actor,
    now: datetime,
) -> None:
    """A further contact; the first one is the default whatever is asked."""
    has_one = session.scalar(
        select(BillingContact.id).where(BillingContact.organization_id == organization_id).limit(1)
    )
    contact = BillingContact(
        public_id=public_id(), organization_id=organization_id, is_default=False, **asdict(details)
    )
    session.add(contact)
    if is_default or has_one is None:
        _make_default(session, contact)
    _note(session, "billing_contact.added", contact, by, now)


def change(
    session: Session,
    organization_id: int,
    contact_public_id: str,
    details: Details,
    *,
    is_default: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Other details. The default contact stays so until another one becomes it; NoContact."""
    contact = session.scalars(
        select(BillingContact)
        .where(
            BillingContact.organization_id == organization_id,
            BillingContact.public_id == contact_public_id,
        )
        .with_for_update()
    ).one_or_none()
    if contact is None:
        raise NoContact
    for name, value in asdict(details).items():
        setattr(contact, name, value)
    if is_default:
        _make_default(session, contact)
    _note(session, "billing_contact.changed", contact, by, now)


def _make_default(session: Session, contact: BillingContact) -> None:
    session.execute(
        update(BillingContact)
        .where(BillingContact.organization_id == contact.organization_id)
        .values(is_default=False)
    )
    contact.is_default = True


def _note(session: Session, event: str, contact: BillingContact, by: Actor, now: datetime) -> None:
    record(
        session, event, organization_id=contact.organization_id, subject=contact.name, by=by,
        now=now, contact=contact.public_id,
    )  # fmt: skip
