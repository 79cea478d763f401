"""Tables of people and organizations: users, sign-ins, members, hosting accounts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.rules import Plan, Role
from app.db import Model, UtcDateTime, enum_column
from app.service_states.models import Served, index_of_differences

_FREE = text("plan = 'free'")


class User(Model):
    """A person who can sign in. `email` is stored in lower case."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str | None] = mapped_column(String(2))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignIn(Model):
    """One signed-in browser. The cookie holds a token; the table holds its SHA-256."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(200))
    # When an operator last gave a code of their second factor here; their pages ask for it (L16).
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Operator(Model):
    """A person of the host. Made and dismissed by a command on the server, never by a page.

    The secret of the second factor follows from `factor` and the installation's key, so a copy of
    the database holds none. `factor_used` is the latest code's place in time (RFC 6238), as no code
    opens twice.
    """

    __tablename__ = "operators"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    factor: Mapped[str] = mapped_column(String(64))
    factor_used: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class HostVisit(Model):
    """An operator looks at the pages of an organization; its members can see when, and why.

    It belongs to the sign-in with that token: ids are used again once a row has gone.
    """

    __tablename__ = "host_visits"
    __table_args__ = (
        Index(
            "uq_host_visits_open",
            "token_hash",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInFailure(Model):
    """A try at a password, or a link asked for, counted by whom it was for and from where."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (
        Index("ix_sign_in_failures_email", "email_hash", "at"),
        Index("ix_sign_in_failures_address", "address", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email_hash: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PasswordToken(Model):
    """A single-use link to choose a password: forgotten, or a new member's first."""

    __tablename__ = "password_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Organization(Model):
    """A customer: owns accounts, domains, mailboxes, a wallet per currency, cards.

    `suspended_since` is set while it has a row in `suspensions`, so that pages need not look there.
    """

    __tablename__ = "organizations"
    __table_args__ = (
        # Whom nobody may have used for months.
        Index("ix_organizations_free", "created_at", sqlite_where=_FREE, postgresql_where=_FREE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    plan: Mapped[Plan] = mapped_column(enum_column(Plan, "plan"))
    suspended_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # How many alerts are open, kept by the alerts' own job: the navigation shows it on every page.
    open_alerts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Suspension(Model):
    """One reason why an organization is suspended; it goes on when there is none left (A11)."""

    __tablename__ = "suspensions"
    __table_args__ = (UniqueConstraint("organization_id", "reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    reason: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Member(Model):
    """A person's role in an organization."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("user_id", "organization_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"))

    user: Mapped[User] = relationship(lazy="raise")


class Account(Served, Model):
    """A hosting space of an organization, on a plan; what a move concerns."""

    __tablename__ = "accounts"
    __table_args__ = (index_of_differences("accounts"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    plan: Mapped[Plan] = mapped_column(enum_column(Plan, "plan"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Installation(Model):
    """The one row that fixes the currency and the zone of every business day (R1, L5)."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    business_timezone: Mapped[str] = mapped_column(String(64))
