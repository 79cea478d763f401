"""Tables of selections: one per sign-in and list."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime


class Selection(Model):
    """What is ticked in one list, such as ``mailboxes:12`` or ``domains:3``.

    With `matching`, every row that these filters find is ticked, except the items; without (NULL),
    only the items are.
    """

    __tablename__ = "selections"
    __table_args__ = (UniqueConstraint("sign_in_id", "scope"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sign_in_id: Mapped[int] = mapped_column(ForeignKey("sign_ins.id", ondelete="CASCADE"))
    scope: Mapped[str] = mapped_column(String(60))
    matching: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SelectionItem(Model):
    """A row of the list, by its id: ticked, or left out of all that match."""

    __tablename__ = "selection_items"

    selection_id: Mapped[int] = mapped_column(
        ForeignKey("selections.id", ondelete="CASCADE"), primary_key=True
    )
    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
