"""What a document says: its client, its language, and the VAT of its lines, at that moment."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Member, Organization, User
from app.accounts.rules import Role
from app.billing.models import BillingContact
from app.invoices import vat, vat_ids
from app.invoices.parties import Client, Issuer
from app.invoices.rates import rate_on


@dataclass(frozen=True)
class Amounts:
    """A line's share: net + vat is what it costs. `rate` in hundredths of a percent."""

    category: str
    rate: int
    net: int
    vat: int


@dataclass(frozen=True)
class Sold:
    """What VAT depends on: what was paid, in minor units, and the day of supply."""

    price: int
    supplied_on: date


def client_of(session: Session, organization_id: int, contact_id: int | None) -> Client:
    """The billing contact, else the organization's default one, else what is known of it."""
    organization = session.get_one(Organization, organization_id)
    contact = session.scalars(
        select(BillingContact)
        .where(
            BillingContact.id == contact_id
            if contact_id
            else BillingContact.organization_id == organization_id
        )
        .order_by(BillingContact.is_default.desc(), BillingContact.id)
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()
    if contact is None:
        return Client(organization.name, "", "", "", organization.country, "", "", "")
    return Client(
        name=contact.name,
        address=contact.address,
        postcode=contact.postcode,
        city=contact.city,
        country=contact.country,
        vat_id=contact.vat_id or "",
        siren=vat_ids.siren_of(contact.vat_id) or "",
        email=contact.email,
    )


def language_of(session: Session, organization_id: int, usual: str) -> str:
    """The language of an owner who has chosen one, else the host's."""
    chosen = session.scalar(
        select(User.language)
        .join(Member, Member.user_id == User.id)
        .where(
            Member.organization_id == organization_id,
            Member.role == Role.OWNER,
            User.language.is_not(None),
        )
        .order_by(Member.id)
        .limit(1)
    )
    return chosen or usual


def treatment_of(client: Client, issuer: Issuer) -> vat.Treatment:
    """Which VAT applies to a client."""
    valid = vat_ids.is_valid(client.vat_id, client.country)
    return vat.treatment(issuer.policy, client.country, has_valid_vat_id=valid)


def amounts(session: Session, sold: Sequence[Sold], applies: vat.Treatment) -> list[Amounts]:
    """Net and VAT of each line, worked out by rate on the document (L11). Raises NoRate."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(sold):
        where = applies.rate_of
        places[rate_on(session, where, one.supplied_on) if where else 0].append(place)
    found: dict[int, Amounts] = {}
    for rate, of_rate in places.items():
        parts = vat.shares([sold[place].price for place in of_rate], rate)
        for place, (net, tax) in zip(of_rate, parts, strict=True):
            found[place] = Amounts(applies.category, rate, net, tax)
    return [found[place] for place in range(len(sold))]
