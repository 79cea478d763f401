"""Decisions about money: what a wallet can pay, and in which order."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.lib.dates import add_months


class AccountKind(StrEnum):
    """Kinds of ledger accounts (L1)."""

    WALLET = "wallet"
    OPENING = "opening"
    REVENUE = "revenue"


class EntryKind(StrEnum):
    """Why money moved."""

    OPENING_BALANCE = "opening_balance"
    RENEWAL = "renewal"


class NotBalanced(Exception):
    """The entries of a movement do not sum to zero, or are fewer than two (L1)."""


@dataclass(frozen=True)
class Balance:
    """A wallet in minor units; only `available` may be spent."""

    posted: int
    held: int
    currency: str

    @property
    def available(self) -> int:
        return self.posted - self.held


def check_balanced(amounts: list[int]) -> None:
    """Raise NotBalanced unless the amounts, in minor units, are a whole movement."""
    if len(amounts) < 2 or sum(amounts) != 0 or 0 in amounts:
        raise NotBalanced(amounts)


def last_valid_day(year: int, month: int) -> date:
    """A card's last valid day: the last one of its month (A-5)."""
    return add_months(date(year, month, 1), 1) - timedelta(days=1)
