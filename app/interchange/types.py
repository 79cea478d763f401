"""The values a file may hold: each refuses with an error code that `sentences` puts into words."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.interchange import names
from app.lib.money import EXPONENTS, LIMIT

FIRST_YEAR, LAST_YEAR = 1900, 2999
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK = r"[0-9]{2}:[0-9]{2}"
_INSTANT = rf"{_DAY[:-1]}T{_CLOCK}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?(Z|[+-]{_CLOCK})$"
# Something to read, on one line.
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"


def _refuse(code: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{code}", {"code": code})


def _calendar(value: object, pattern: str, kind: type[date], code: str) -> object:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise _refuse(f"{code}_shape")
    try:
        found = kind.fromisoformat(value)
    except ValueError:
        raise _refuse(f"{code}_missing") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _refuse("year")
    return found


def _day(value: object) -> object:
    return _calendar(value, _DAY, date, "day")


def _instant(value: object) -> object:
    return _calendar(value, _INSTANT, datetime, "instant")


def _named(make: Callable[[str], str], code: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            return make(text)
        except names.Malformed:
            raise _refuse(code) from None

    return AfterValidator(check)


def _one_of(known: Callable[[], Any], code: str) -> AfterValidator:
    def check(value: Any) -> Any:
        if value not in known():
            raise _refuse(code)
        return value

    return AfterValidator(check)


def _account_id(text: str) -> str:
    # It is part of an address: /accounts/<name>.
    if "/" in text or text in (".", ".."):
        raise names.Malformed(text)
    return text


def _line(longest: int) -> StringConstraints:
    return StringConstraints(pattern=_LINE, max_length=longest)


Version = Annotated[int, _one_of(lambda: (1,), "version"), WithJsonSchema({"const": 1})]
Id = Annotated[str, _line(64)]
AccountId = Annotated[Id, _named(_account_id, "account_id")]
Line20 = Annotated[str, _line(20)]
Line100 = Annotated[str, _line(100)]
Line120 = Annotated[str, _line(120)]
Line200 = Annotated[str, _line(200)]
# Lines of text; empty for none.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$", max_length=5000)]
# As long as the sign-in page accepts.
Password = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_MAIL = WithJsonSchema({"type": "string", "format": "email", "maxLength": 254})
Email = Annotated[str, _named(names.email, "email"), _MAIL]
Address = Annotated[str, _named(names.address, "email"), _MAIL]
DomainName = Annotated[str, StringConstraints(max_length=253), _named(names.domain, "domain")]
Extension = Annotated[str, StringConstraints(max_length=63), _named(names.host, "extension")]
Country = Annotated[
    str,
    _one_of(lambda: names.COUNTRIES, "country"),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"}),
]
Currency = Annotated[
    str,
    _one_of(lambda: EXPONENTS, "currency"),
    WithJsonSchema({"type": "string", "enum": sorted(EXPONENTS)}),
]
Timezone = Annotated[str, _one_of(available_timezones, "timezone")]
Last4 = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _INSTANT}),
]
Price = Annotated[int, Field(ge=0, le=LIMIT)]
Balance = Annotated[int, Field(ge=-LIMIT, le=LIMIT)]
Years = Annotated[int, Field(ge=1, le=10)]
