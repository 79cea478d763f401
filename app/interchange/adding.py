"""An import at work: what its parts share, and how they write many rows in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from app.db import Model
from app.interchange.shape import Document
from app.interchange.standing import Standing

Ids = dict[str, int]


@dataclass(frozen=True)
class Hashes:
    """Hashes of new rows' passwords, by user id and by mailbox address."""

    users: Mapping[str, str]
    mailboxes: Mapping[str, str]


@dataclass(frozen=True)
class Adding:
    """A checked document on its way into the portal; rows in `standing` are left as they are."""

    session: Session
    document: Document
    standing: Standing
    hashes: Hashes
    currency: str
    today: date
    now: datetime

    def write(self, model: type[Model], rows: list[dict[str, Any]]) -> int:
        """Insert rows of the same keys; how many. By table, which is faster than by model."""
        if rows:
            self.session.execute(insert(cast(Table, model.__table__)), rows)
        return len(rows)

    def ids(self, model: Any, name: str = "public_id") -> Ids:
        """Row ids of a whole table by the name that files use."""
        rows = self.session.execute(select(getattr(model, name), model.id))
        return dict(rows.all())
