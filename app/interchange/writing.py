"""What the portal holds, in the shape of the interchange file, in an order that never varies."""

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.installation import Terms
from app.accounts.models import Account, Member, Organization, User
from app.billing.models import BillingContact, Card, Wallet
from app.domains.models import Domain
from app.mailboxes.models import Forwarding, ForwardingDestination, Mailbox
from app.moves.models import Move
from app.moves.rules import OPEN
from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import Kind, period_of

Rows = list[dict[str, Any]]


class Part(NamedTuple):
    """Which rows: of one organization, or mailboxes of some domains; None for all."""

    organization_id: int | None = None
    domain_names: frozenset[str] | None = None

    def of(self, column: Any) -> list[ColumnElement[bool]]:
        """The condition on a column that holds an organization's id."""
        return [] if self.organization_id is None else [column == self.organization_id]

    def on_domains(self) -> list[ColumnElement[bool]]:
        """The condition on what lives on a domain."""
        named = [] if self.domain_names is None else [Domain.name.in_(self.domain_names)]
        return [*self.of(Domain.organization_id), *named]


WHOLE = Part()


def document_for_staff(session: Session, terms: Terms, part: Part = WHOLE) -> dict[str, Any]:
    """The interchange document of the installation, or of a part of it. Passwords are null."""
    return {
        "vigie": 1,
        "settings": {"currency": terms.currency, "business_timezone": terms.tz.key},
        "prices": _prices(session),
        "users": _users(session, terms, part),
        "organizations": _organizations(session, terms, part),
        "accounts": _accounts(session, part),
        "domains": _domains(session, part),
        "mailboxes": _mailboxes(session, part),
        "forwardings": _forwardings(session, part),
        "moves": _moves(session, Move.state.in_(OPEN), *part.of(Account.organization_id)),
    }


def _prices(session: Session) -> Rows:
    rows = session.execute(select(Price.kind, Price.extension, Price.months, Price.price))
    return [
        {"kind": kind.value, "extension": extension, "years": months // 12, "price": price}
        if kind is Kind.DOMAIN
        else {"kind": kind.value, "period": period_of(months).value, "price": price}
        for kind, extension, months, price in sorted(rows)
    ]


def _users(session: Session, terms: Terms, part: Part) -> Rows:
    statement = select(User.public_id, User.email, User.name, User.language, User.last_login_at)
    if part.organization_id is not None:
        members = select(Member.user_id).where(Member.organization_id == part.organization_id)
        statement = statement.where(User.id.in_(members))
    return _by_id(
        {
            "id": row.public_id, "email": row.email, "name": row.name, "language": row.language,
            "password": None, "last_login_at": _instant(row.last_login_at, terms),
        }
        for row in session.execute(statement)
    )  # fmt: skip


def _instant(at: datetime | None, terms: Terms) -> str | None:
    return at.astimezone(terms.tz).isoformat() if at else None


def _organizations(session: Session, terms: Terms, part: Part) -> Rows:
    members, contacts = _members(session, part), _contacts(session, part)
    cards = _cards(session, part)
    rows = session.execute(
        select(Organization, Wallet.posted)
        .outerjoin(
            Wallet,
            and_(Wallet.organization_id == Organization.id, Wallet.currency == terms.currency),
        )
        .where(*part.of(Organization.id))
    )
    return _by_id(
        {
            "id": row.public_id, "name": row.name, "country": row.country, "plan": row.plan.value,
            "balance": posted or 0, "members": members[row.id],
            "billing_contacts": contacts[row.id], "cards": cards[row.id],
        }
        for row, posted in rows
    )  # fmt: skip


def _members(session: Session, part: Part) -> dict[int, Rows]:
    rows = session.execute(
        select(Member.organization_id, User.public_id, Member.role)
        .join(User, User.id == Member.user_id)
        .where(*part.of(Member.organization_id))
    )
    found: dict[int, Rows] = defaultdict(list)
    for owner, user, role in sorted(rows):
        found[owner].append({"user": user, "role": role.value})
    return found


def _contacts(session: Session, part: Part) -> dict[int, Rows]:
    found: dict[int, Rows] = defaultdict(list)
    rows = session.scalars(select(BillingContact).where(*part.of(BillingContact.organization_id)))
    for row in sorted(rows, key=lambda row: row.public_id):
        found[row.organization_id].append(
            {
                "id": row.public_id, "name": row.name, "address": row.address,
                "postcode": row.postcode, "city": row.city, "country": row.country,
                "vat_id": row.vat_id, "email": row.email, "default": row.is_default,
            }
        )  # fmt: skip
    return found


def _cards(session: Session, part: Part) -> dict[int, Rows]:
    found: dict[int, Rows] = defaultdict(list)
    rows = session.scalars(select(Card).where(*part.of(Card.organization_id)))
    for row in sorted(rows, key=lambda row: (row.rank, row.public_id)):
        found[row.organization_id].append(
            {
                "id": row.public_id, "brand": row.brand, "last4": row.last4,
                "exp_month": row.exp_month, "exp_year": row.exp_year, "holder": row.holder,
                "token": row.token, "validated": row.validated, "auto_debit": row.auto_debit,
            }
        )  # fmt: skip
    return found


def _accounts(session: Session, part: Part) -> Rows:
    rows = session.execute(
        select(Account.public_id, Organization.public_id, Account.plan)
        .join(Organization, Organization.id == Account.organization_id)
        .where(*part.of(Account.organization_id))
    )
    return _by_id(
        {"id": name, "organization": owner, "plan": plan.value} for name, owner, plan in rows
    )


def _with_payer(statement: Any) -> Select[Any]:
    payer = aliased(Organization)
    joined: Select[Any] = statement.outerjoin(
        payer, payer.id == Subscription.billed_organization_id
    ).add_columns(payer.public_id.label("payer"))
    return joined


def _domains(session: Session, part: Part) -> Rows:
    statement = (
        select(
            Domain.name, Domain.registrar, Organization.public_id.label("owner"),
            Account.public_id.label("account"), Subscription.expires_on, Subscription.auto_renewal,
            Subscription.renewal_months, BillingContact.public_id.label("contact"),
            Card.public_id.label("card"),
        )
        .join(Organization, Organization.id == Domain.organization_id)
        .outerjoin(Account, Account.id == Domain.account_id)
        .outerjoin(
            Subscription,
            and_(Subscription.domain_id == Domain.id, Subscription.kind == Kind.DOMAIN),
        )
        .outerjoin(BillingContact, BillingContact.id == Subscription.billing_contact_id)
        .outerjoin(Card, Card.id == Subscription.card_id)
        .where(*part.of(Domain.organization_id))
    )  # fmt: skip
    return _by_id((_domain(row) for row in session.execute(_with_payer(statement))), "name")


def _domain(row: Any) -> dict[str, Any]:
    # Names registered elsewhere have no subscription.
    ours = row.expires_on is not None
    renewal = {
        "on": row.auto_renewal, "years": (row.renewal_months or 12) // 12,
        "billed_organization": row.payer, "billing_contact": row.contact, "card": row.card,
    }  # fmt: skip
    return {
        "name": row.name, "organization": row.owner, "account": row.account,
        "registrar": row.registrar, "expires_on": row.expires_on.isoformat() if ours else None,
        "auto_renewal": renewal if ours else None,
    }  # fmt: skip


def _mailboxes(session: Session, part: Part) -> Rows:
    statement = (
        select(
            Mailbox.address, Mailbox.quota_mib, Subscription.anchor, Subscription.expires_on,
            Subscription.period_months, Subscription.renewal_months, Subscription.auto_renewal,
        )
        .join(Subscription, Subscription.id == Mailbox.subscription_id)
        .join(Domain, Domain.id == Mailbox.domain_id)
        .where(*part.on_domains())
    )  # fmt: skip
    return _by_id(
        (
            {
                "address": row.address, "anchor": row.anchor.isoformat(),
                "expires_on": row.expires_on.isoformat(),
                "period": period_of(row.period_months).value, "quota_mib": row.quota_mib,
                "password": None,
                "auto_renewal": {
                    "on": row.auto_renewal, "period": period_of(row.renewal_months).value,
                    "billed_organization": row.payer,
                },
            }
            for row in session.execute(_with_payer(statement))
        ),
        "address",
    )  # fmt: skip


def _forwardings(session: Session, part: Part) -> Rows:
    rows = session.execute(
        select(Forwarding.address, ForwardingDestination.address)
        .join(ForwardingDestination, ForwardingDestination.forwarding_id == Forwarding.id)
        .join(Domain, Domain.id == Forwarding.domain_id)
        .where(*part.on_domains())
        .order_by(ForwardingDestination.id)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for address, to in rows:
        found[address].append(to)
    return _by_id(({"address": address, "to": to} for address, to in found.items()), "address")


def past_moves_for_staff(session: Session) -> Rows:
    """Moves that are over: history, which no file holds, but whose ids are taken."""
    return _moves(session, Move.state.not_in(OPEN))


def _moves(session: Session, *which: ColumnElement[bool]) -> Rows:
    rows = session.execute(
        select(
            Move.public_id, Account.public_id.label("account"), Move.title, Move.due_on,
            Move.description, Move.changes,
        )
        .join(Account, Account.id == Move.account_id)
        .where(*which)
    )  # fmt: skip
    return _by_id(_move(row) for row in rows)


def _move(row: Any) -> dict[str, Any]:
    texts = {"description": row.description, "changes": row.changes}
    return {
        "id": row.public_id, "account": row.account, "title": row.title,
        "due_on": row.due_on.isoformat(), **{key: text for key, text in texts.items() if text},
    }  # fmt: skip


def _by_id(rows: Any, key: str = "id") -> Rows:
    # In Python, because databases differ in how they sort text.
    return sorted(rows, key=lambda row: row[key])
