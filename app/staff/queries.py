"""What operators' pages read: of all customers, so for them alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Account, Member, Organization, User
from app.accounts.rules import Plan, Role
from app.billing.models import Wallet
from app.domains.models import Domain
from app.jobs.models import LastTick
from app.outbox.flows import TO_SEND
from app.outbox.models import Mail
from app.web.listing import Listing, Order, Page, Wish, read_text

CUSTOMERS = Listing({"name": Order(Organization.name, read_text, Organization.id)}, "name")


def customers_for_staff(session: Session, text: str, wish: Wish) -> Page:
    """Organizations whose name holds a text, or one of whose domains or members begins with it."""
    statement = select(
        Organization.public_id, Organization.name, Organization.plan, Organization.suspended_since,
        Organization.open_alerts,
    )  # fmt: skip
    if text:
        of_domain = select(Domain.organization_id).where(
            Domain.name.startswith(text.lower(), autoescape=True)
        )
        of_member = (
            select(Member.organization_id)
            .join(User, User.id == Member.user_id)
            .where(User.email.startswith(text.lower(), autoescape=True))
        )
        statement = statement.where(
            or_(
                Organization.name.icontains(text, autoescape=True),
                Organization.id.in_(of_domain),
                Organization.id.in_(of_member),
            )
        )
    return CUSTOMERS.page(session, statement, wish)


@dataclass(frozen=True)
class Customer:
    """An organization as an operator sees it. Money is in minor units of `currency`."""

    id: int
    public_id: str
    name: str
    plan: Plan
    created_at: datetime
    suspended_since: datetime | None
    open_alerts: int
    balance: int | None
    held: int | None
    currency: str | None
    domains: int
    accounts: int


def customer_for_staff(session: Session, public_id: str) -> Customer | None:
    """The organization of that id."""
    domains = select(func.count()).where(Domain.organization_id == Organization.id)
    accounts = select(func.count()).where(Account.organization_id == Organization.id)
    row = session.execute(
        select(
            Organization.id, Organization.public_id, Organization.name, Organization.plan,
            Organization.created_at, Organization.suspended_since, Organization.open_alerts,
            Wallet.posted.label("balance"), Wallet.held, Wallet.currency,
            domains.correlate(Organization).scalar_subquery().label("domains"),
            accounts.correlate(Organization).scalar_subquery().label("accounts"),
        )
        .outerjoin(Wallet, Wallet.organization_id == Organization.id)
        .where(Organization.public_id == public_id)
        .order_by(Wallet.id)
    ).first()  # fmt: skip
    return Customer(**row._asdict()) if row else None


@dataclass(frozen=True)
class MemberOf:
    """A member of an organization, and when they last signed in."""

    name: str
    email: str
    role: Role
    last_login_at: datetime | None


def members_for_staff(session: Session, organization_id: int) -> list[MemberOf]:
    """Members of an organization by e-mail address."""
    rows = session.execute(
        select(User.name, User.email, Member.role, User.last_login_at)
        .join(Member, Member.user_id == User.id)
        .where(Member.organization_id == organization_id)
        .order_by(User.email)
    )
    return [MemberOf(*row) for row in rows]


@dataclass(frozen=True)
class Health:
    """How the portal itself does: its last tick, mails that wait, customers that are suspended."""

    ticked_at: datetime | None
    mails_waiting: int
    suspended: int
    open_alerts: int


def health_for_staff(session: Session) -> Health:
    """The state of what runs by itself, in one statement."""
    waiting = select(func.count()).select_from(Mail).where(TO_SEND)
    suspended = select(func.count()).where(Organization.suspended_since.is_not(None))
    alerts = select(func.coalesce(func.sum(Organization.open_alerts), 0))
    row = session.execute(
        select(
            select(func.max(LastTick.at)).scalar_subquery(),
            *(one.scalar_subquery() for one in (waiting, suspended, alerts)),
        )
    ).one()
    return Health(*row)
