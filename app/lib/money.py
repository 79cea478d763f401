"""Money as integer minor units, with the exponents of ISO 4217 (L5)."""

import re
from typing import Final

EXPONENTS: Final = {
    "BHD": 3, "CLP": 0, "EUR": 2, "CHF": 2, "CZK": 2, "DKK": 2, "GBP": 2, "HUF": 2, "ISK": 0,
    "JPY": 0, "KRW": 0, "KWD": 3, "NOK": 2, "PLN": 2, "RON": 2, "SEK": 2, "TND": 3, "USD": 2,
    "CAD": 2, "MAD": 2, "XOF": 0, "XAF": 0, "XPF": 0,
}  # fmt: skip

# Every sum must fit a signed 64-bit column with room for adding up.
LIMIT: Final = 10**15

_DECIMAL = re.compile(r"(-?)([0-9]{1,16})(?:\.([0-9]+))?")


def minor(amount: str, currency: str) -> int:
    """Minor units of a decimal text such as ``"123.45"``.

    Raises ValueError for an unknown currency, anything but plain digits, more decimals than the
    currency has, or more than LIMIT.
    """
    try:
        exponent = EXPONENTS[currency]
    except KeyError:
        raise ValueError(f"unknown currency {currency}") from None
    match = _DECIMAL.fullmatch(amount)
    if not match:
        raise ValueError(f"{amount!r} is not an amount")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if fraction[exponent:].strip("0"):
        raise ValueError(f"{currency} has {exponent} decimals")
    value = int(whole + fraction[:exponent].ljust(exponent, "0"))
    if value > LIMIT:
        raise ValueError(f"{amount} is too much")
    return -value if sign else value
