"""Tables of domain names, and of the sandbox's own registry."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime, enum_column
from app.domains.rules import DomainStatus


class Domain(Model):
    """A domain name of an organization. `registry_expires_at` is the registry's word (R8, R10).

    `registrar` is the adapter's name, or "external" for a name registered elsewhere that only
    carries mailboxes here; those have no subscription.
    """

    __tablename__ = "domains"
    __table_args__ = (Index("ix_domains_of_organization", "organization_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(253), unique=True)
    extension: Mapped[str] = mapped_column(String(63))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    registrar: Mapped[str] = mapped_column(String(40))
    status: Mapped[DomainStatus] = mapped_column(enum_column(DomainStatus, "domain_status"))
    registry_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SandboxName(Model):
    """What the sandbox registry knows of a name; only the sandbox registrar touches it."""

    __tablename__ = "sandbox_names"

    name: Mapped[str] = mapped_column(String(253), primary_key=True)
    sponsor: Mapped[str] = mapped_column(String(40))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    statuses: Mapped[list[str]] = mapped_column(JSON)
    # What the registry will do wrong next: "timeout-before", "timeout-after", "down", by turns.
    faults: Mapped[list[str]] = mapped_column(JSON)
    # Fee of one year in minor units where the registry asks more than usual, for premium names.
    fee: Mapped[int | None]
    renewals_seen: Mapped[int] = mapped_column(default=0)
