"""Tables of mailboxes and forwardings."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UtcDateTime, enum_column
from app.service_states.models import Served, index_of_differences
from app.service_states.rules import ServiceState


class Mailbox(Served, Model):
    """`local@domain`, with its quota in MiB and its used space in bytes."""

    __tablename__ = "mailboxes"
    __table_args__ = (
        Index("ix_mailboxes_by_address", "domain_id", "address"),
        Index("ix_mailboxes_by_use", "domain_id", "used_bytes", "id"),
        index_of_differences("mailboxes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320), unique=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domains.id"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), unique=True)
    quota_mib: Mapped[int]
    used_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Forwarding(Served, Model):
    """`local@domain` that passes mail on to one or more destinations."""

    __tablename__ = "forwardings"
    __table_args__ = (
        Index("ix_forwardings_by_address", "domain_id", "address"),
        index_of_differences("forwardings"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320), unique=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domains.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    destinations: Mapped[list["ForwardingDestination"]] = relationship(
        order_by="ForwardingDestination.id", cascade="all, delete-orphan", lazy="selectin"
    )


class ForwardingDestination(Model):
    """One address a forwarding delivers to; a row each, so that a mail server can read them."""

    __tablename__ = "forwarding_destinations"
    __table_args__ = (UniqueConstraint("forwarding_id", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    forwarding_id: Mapped[int] = mapped_column(ForeignKey("forwardings.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(320))


class RemovedAddress(Served, Model):
    """An address that was removed here, until the mail server has confirmed that it is gone."""

    __tablename__ = "removed_addresses"
    __table_args__ = (index_of_differences("removed_addresses"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320), unique=True)


class FollowedSuspension(Model):
    """A suspended organization whose mailboxes and forwardings are wanted suspended."""

    __tablename__ = "followed_suspensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), unique=True)


class SandboxAddress(Model):
    """What the sandbox mail server holds: a mailbox or a forwarding, as it was last told."""

    __tablename__ = "sandbox_addresses"

    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    state: Mapped[ServiceState] = mapped_column(enum_column(ServiceState, "state"))
    quota_mib: Mapped[int | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    destinations: Mapped[list[str]] = mapped_column(JSON)
    revision: Mapped[int]
