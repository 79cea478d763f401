"""What the next weeks ask of a wallet, in figures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """Amounts in minor units: what is `due`, and what is `owed` besides by a negative balance.

    `by_card` is what of both a card pays, and `missing` what nobody pays as things stand.
    """

    due: int
    owed: int
    by_card: int
    missing: int


def need(due: int, unpayable: int, available: int, *, has_card: bool) -> Need:
    """What is lacking for `due`, of which `unpayable` is money that no card may be charged for.

    A debt alone asks for nothing: a card is charged only together with a renewal (R13b).
    """
    lacking = max(0, due - available) if due else 0
    payable = due - unpayable
    by_card = max(0, payable - available) if has_card and payable else 0
    return Need(due, max(0, -available), by_card, max(0, lacking - by_card))
