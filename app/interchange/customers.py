"""Adds customers: people, organizations with opening balances, contacts, cards, accounts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.accounts.models import Account, Member, Organization, User
from app.billing.card_flows import gateway_of
from app.billing.models import BillingContact, Card
from app.billing.openings import Opening, open_wallets
from app.interchange import shape
from app.interchange.adding import Adding
from app.interchange.standing import OPENING


def add_users(adding: Adding) -> int:
    """New people, with the hashes of their passwords; how many, as all of these say."""
    return adding.write(
        User,
        [
            {
                "public_id": row.id, "email": row.email, "name": row.name,
                "language": row.language, "password_hash": adding.hashes.users.get(row.id),
                "last_login_at": row.last_login_at, "created_at": adding.now,
            }
            for row in adding.document.users
            if row.id not in adding.standing.users
        ],
    )  # fmt: skip


def add_organizations(adding: Adding) -> int:
    """New organizations, each with its wallet and its opening balance."""
    fresh = [
        row for row in adding.document.organizations
        if row.id not in adding.standing.organizations
    ]  # fmt: skip
    seen = {user.id: user.last_login_at for user in adding.document.users}
    adding.write(
        Organization,
        [
            {
                "public_id": row.id, "name": row.name, "country": row.country, "plan": row.plan,
                # Older than a sign-in of its members: it may have been unused since.
                "created_at": min([adding.now, *_known(seen, row)]),
            }
            for row in fresh
        ],
    )  # fmt: skip
    owners = adding.ids(Organization)
    openings = {owners[row.id]: Opening(row.balance, row.id, OPENING + row.id) for row in fresh}
    open_wallets(
        adding.session, openings, adding.currency, business_date=adding.today, now=adding.now
    )
    return len(fresh)


def _known(seen: Mapping[str, datetime | None], row: shape.Organization) -> list[datetime]:
    """When its members last signed in, as far as the document says."""
    return [at for member in row.members if (at := seen.get(member.user))]


def add_members(adding: Adding) -> int:
    """New roles, in organizations that were there too."""
    users, owners = adding.ids(User), adding.ids(Organization)
    rows: list[dict[str, Any]] = []
    for owner in adding.document.organizations:
        held = adding.standing.organizations.get(owner.id, {"members": []})
        known = {member["user"] for member in held["members"]}
        rows += [
            {"user_id": users[row.user], "organization_id": owners[owner.id], "role": row.role}
            for row in owner.members
            if row.user not in known
        ]
    return adding.write(Member, rows)


def add_contacts(adding: Adding) -> int:
    """New billing contacts; a default contact that is there stays the default."""
    owners = adding.ids(Organization)
    settled = {
        contact["organization"]
        for contact in adding.standing.contacts.values()
        if contact["default"]
    }
    return adding.write(
        BillingContact,
        [
            {
                "organization_id": owners[owner.id], "public_id": row.id,
                "is_default": row.default and owner.id not in settled,
                **row.model_dump(exclude={"id", "default"}),
            }
            for owner in adding.document.organizations
            for row in owner.billing_contacts
            if row.id not in adding.standing.contacts
        ],
    )  # fmt: skip


def add_cards(adding: Adding) -> int:
    """New cards, in the order of the file: the first is the default (R13b)."""
    owners = adding.ids(Organization)
    return adding.write(
        Card,
        [
            {
                "organization_id": owners[owner.id], "public_id": row.id, "rank": rank,
                "gateway": gateway_of(row.token),
                **row.model_dump(exclude={"id"}),
            }
            for owner in adding.document.organizations
            for rank, row in enumerate(owner.cards)
            if row.id not in adding.standing.cards
        ],
    )  # fmt: skip


def add_accounts(adding: Adding) -> int:
    """New hosting accounts."""
    owners = adding.ids(Organization)
    return adding.write(
        Account,
        [
            {
                "public_id": row.id, "organization_id": owners[row.organization],
                "plan": row.plan, "created_at": adding.now,
            }
            for row in adding.document.accounts
            if row.id not in adding.standing.accounts
        ],
    )  # fmt: skip
