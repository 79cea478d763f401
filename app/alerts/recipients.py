"""Whom an alert is told to: members by their role, and the billing contact; each address once."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Member, Organization, User
from app.accounts.rules import Role
from app.alerts.models import MutedReminder
from app.alerts.ports import AlertType
from app.billing.models import BillingContact


@dataclass(frozen=True)
class Recipient:
    """An address, and the language in which it is written to; None for the host's."""

    email: str
    name: str
    language: str | None


@dataclass(frozen=True)
class Addresses:
    """Whom some organizations have, what these are called, and who wants no reminders of what."""

    names: dict[int, str]
    people: dict[int, list[tuple[Recipient, Role | None]]]
    muted: frozenset[tuple[str, str]]

    def told(self, kind: AlertType, organization_id: int) -> list[Recipient]:
        """Everybody a type concerns: members by their role, and the contact (who has none)."""
        return self.of_roles(kind.roles, organization_id, contacts=kind.contacts)

    def of_roles(
        self, roles: Collection[Role], organization_id: int, *, contacts: bool = True
    ) -> list[Recipient]:
        """Members of an organization with these roles, and its contact; each address once."""
        concerned = [
            one
            for one, role in self.people.get(organization_id, ())
            if role in roles or (role is None and contacts)
        ]
        return list(dict.fromkeys(concerned))

    def wanting(self, kind: AlertType, organization_id: int) -> list[Recipient]:
        """The same without those who switched reminders of the type off (A14)."""
        return [
            one
            for one in self.told(kind, organization_id)
            if (one.email, kind.name) not in self.muted
        ]


def addresses_of(session: Session, organization_ids: Collection[int]) -> Addresses:
    """All of them, for some organizations, in four statements.

    A contact who is no member is spoken to as the first owner who has chosen a language; where
    none has, in French where the organization is, else in English.
    """
    people: defaultdict[int, list[tuple[Recipient, Role | None]]] = defaultdict(list)
    known: dict[tuple[int, str], Recipient] = {}
    members = session.execute(
        select(Member.organization_id, User.email, User.name, User.language, Member.role)
        .join(User, User.id == Member.user_id)
        .where(Member.organization_id.in_(organization_ids))
        .order_by(Member.id)
    ).all()
    for organization_id, email, name, language, role in members:
        one = known[organization_id, email] = Recipient(email, name, language)
        people[organization_id].append((one, role))
    organizations = session.execute(
        select(Organization.id, Organization.name, Organization.country).where(
            Organization.id.in_(organization_ids)
        )
    ).all()
    spoken = {row.id: "fr" if row.country == "FR" else "en" for row in organizations}
    spoken |= {
        organization_id: language
        for organization_id, _email, _name, language, role in reversed(members)
        if role is Role.OWNER and language
    }
    contacts = session.execute(
        select(BillingContact.organization_id, BillingContact.email, BillingContact.name).where(
            BillingContact.organization_id.in_(organization_ids), BillingContact.is_default
        )
    )
    for organization_id, address, name in contacts:
        email = address.lower()
        one = known.setdefault(
            (organization_id, email), Recipient(email, name, spoken[organization_id])
        )
        people[organization_id].append((one, None))
    everybody = {email for _organization, email in known}
    muted = session.execute(
        select(MutedReminder.email, MutedReminder.type).where(MutedReminder.email.in_(everybody))
    )
    names = {row.id: row.name for row in organizations}
    return Addresses(names, people, frozenset((row.email, row.type) for row in muted))
