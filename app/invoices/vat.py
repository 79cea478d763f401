"""VAT on values alone: which one applies (L12), and how much it is (L11).

Rates are hundredths of a percent, amounts minor units. Catalogue prices include VAT, because the
wallet pays exactly the price; so net is what remains of the price (docs/adr/0009).
"""

from collections.abc import Sequence
from dataclasses import dataclass

WHOLE = 10_000

EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
# Territories where French VAT applies, some at a rate of their own (CGI art. 294 and 296);
# Monaco is France for VAT.
HOME_OF = {"FR": frozenset({"FR", "MC", "GP", "MQ", "RE"})}

# Categories of EN 16931 (UNTDID 5305).
STANDARD, REVERSE_CHARGE, EXEMPT, OUTSIDE = "S", "AE", "E", "O"


@dataclass(frozen=True)
class Policy:
    """What the seller is: at home where, below the threshold of art. 293 B, registered for OSS."""

    home: str
    exempt: bool = False
    oss: bool = False


@dataclass(frozen=True)
class Treatment:
    """A category, the country whose rate applies (None: no VAT), and what must be said of it."""

    category: str
    rate_of: str | None = None
    mention: str | None = None


def treatment(policy: Policy, country: str, *, has_valid_vat_id: bool) -> Treatment:
    """Which VAT a client in `country` pays (L12); without a valid VAT id they are a consumer."""
    if policy.exempt:
        return Treatment(EXEMPT, mention="exempt_293b")
    if country in HOME_OF.get(policy.home, {policy.home}):
        return Treatment(STANDARD, country)
    if country not in EU and country != "MC":
        return Treatment(OUTSIDE, mention="outside_eu")
    if has_valid_vat_id:
        return Treatment(REVERSE_CHARGE, mention="reverse_charge")
    return Treatment(STANDARD, country if policy.oss else policy.home)


def tax(net: int, rate: int) -> int:
    """`net` × `rate`, a half rounded away from zero (L11)."""
    return _half_up(net * rate, WHOLE)


def split(price: int, rate: int) -> tuple[int, int]:
    """Net and VAT of a price that includes VAT; together they are the price."""
    vat = tax(_half_up(price * WHOLE, WHOLE + rate), rate)
    return price - vat, vat


def shares(prices: Sequence[int], rate: int) -> list[tuple[int, int]]:
    """Net and VAT of each line of one category, which add up to those of all of it (L11).

    VAT is worked out on the document; a line has what its coming changes in the sum so far.
    """
    found, paid, net_so_far = [], 0, 0
    for price in prices:
        paid += price
        net = split(paid, rate)[0] - net_so_far
        net_so_far += net
        found.append((net, price - net))
    return found


def _half_up(numerator: int, denominator: int) -> int:
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded
