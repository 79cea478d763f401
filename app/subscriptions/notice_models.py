"""Tables of notices of tacit renewals: what was announced, and to whom (R17)."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime


class TacitNotice(Model):
    """The notice of a tacit renewal (R17), once a period: sent with a price, or missing.

    `refuse_by` is the day of the first attempt; `price` in minor units is what the mail named
    (R16), None where it could not be sent. The proof is the mails of `tacit_notice_mails`.
    """

    __tablename__ = "tacit_notices"
    __table_args__ = (UniqueConstraint("subscription_id", "expires_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    expires_on: Mapped[date]
    refuse_by: Mapped[date]
    price: Mapped[int | None] = mapped_column(BigInteger)
    notice_missing: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class TacitNoticeMail(Model):
    """One address to which a tacit-renewal notice went; acceptance is the mail's."""

    __tablename__ = "tacit_notice_mails"
    __table_args__ = (UniqueConstraint("notice_id", "recipient"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("tacit_notices.id"))
    recipient: Mapped[str] = mapped_column(String(254))
    mail_id: Mapped[int] = mapped_column(ForeignKey("mails.id"), index=True)
