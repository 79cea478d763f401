"""Table of messages to send: written with the change they tell of, drained by a job (A12)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime, enum_column
from app.outbox.rules import MailState


class Mail(Model):
    """One mail to one person, rendered when it was queued; `key` makes it unique for ever."""

    __tablename__ = "mails"
    __table_args__ = (
        Index(
            "ix_mails_to_send",
            "next_try_at",
            sqlite_where=text("state IN ('queued', 'sending')"),
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
        # For operators, the newest first: of a state, and to an address of which they know how it
        # begins.
        Index("ix_mails_of_state", "state", "id"),
        Index("ix_mails_of_recipient", "recipient", "id",
              postgresql_ops={"recipient": "text_pattern_ops"}),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    # Where one click ends mails of this kind, without signing in (RFC 8058); only optional ones.
    unsubscribe_url: Mapped[str | None] = mapped_column(String(900))
    state: Mapped[MailState] = mapped_column(enum_column(MailState, "mail_state"))
    tries: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When a relay accepted it, and when it came back nevertheless.
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(String(500))
