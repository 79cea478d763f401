"""Tables of mailboxes and forwardings."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UtcDateTime


class Mailbox(Model):
    """`local@domain`, with its quota in MiB and its used space in bytes."""

    __tablename__ = "mailboxes"
    __table_args__ = (
        Index("ix_mailboxes_by_address", "domain_id", "address"),
        Index("ix_mailboxes_by_use", "domain_id", "used_bytes", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320), unique=True)
    domain_id: Mapped[int] = mapped_column(ForeignKey("domains.id"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), unique=True)
    quota_mib: Mapped[int]
    used_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Forwarding(Model):
    """`local@domain` that passes mail on to one or more destinations."""

    __tablename__ = "forwardings"
    __table_args__ = (Index("ix_forwardings_by_address", "domain_id", "address"),)

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
