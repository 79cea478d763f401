"""Tables of changes to many choices at once, as their undoing needs them."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime

# What a row remembers of its subscription, under the same names.
KEPT = (
    "auto_renewal",
    "auto_renewal_since",
    "renewal_months",
    "billed_organization_id",
    "billing_contact_id",
    "card_id",
)


class BulkChange(Model):
    """One form that changed many choices. `nonce` is the form's, so that it acts once (R20)."""

    __tablename__ = "bulk_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(String(40), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    on: Mapped[bool]
    months: Mapped[int | None]
    billed_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    # Whether it chose contact and card too, as recurring payment does, and which.
    names_card: Mapped[bool] = mapped_column(default=False)
    billing_contact_id: Mapped[int | None]
    card_id: Mapped[int | None]
    changed: Mapped[int] = mapped_column(default=0)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BulkChangeRow(Model):
    """What stood on one subscription before."""

    __tablename__ = "bulk_change_rows"

    change_id: Mapped[int] = mapped_column(
        ForeignKey("bulk_changes.id", ondelete="CASCADE"), primary_key=True
    )
    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscriptions.id"), primary_key=True, autoincrement=False
    )
    auto_renewal: Mapped[bool]
    auto_renewal_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    renewal_months: Mapped[int]
    billed_organization_id: Mapped[int | None]
    billing_contact_id: Mapped[int | None]
    card_id: Mapped[int | None]
