"""The database: base of all models, units of work, and how each engine is spoken to."""

from app.db.base import Model, db
from app.db.claims import insert_once
from app.db.engine import configure
from app.db.types import UtcDateTime, enum_column
from app.db.work import TransactionOpen, reading, require_no_transaction, transaction

__all__ = [
    "Model",
    "TransactionOpen",
    "UtcDateTime",
    "configure",
    "db",
    "enum_column",
    "insert_once",
    "reading",
    "require_no_transaction",
    "transaction",
]
