"""French and English: which one a page, a mail or a command speaks, and how it writes values."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_currency
from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, gettext
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from app.lib.money import EXPONENTS
from app.lib.shell import TRANSLATIONS, language_of_shell
from app.web.state import settings

LANGUAGES = ("fr", "en")
COOKIE = "language"
_TERMS = "vigie.written-terms"


class WrittenTerms(Protocol):
    """The currency and the zone that values are written in unless others are given."""

    @property
    def currency(self) -> str: ...

    @property
    def tz(self) -> ZoneInfo: ...


def init(app: Flask, terms: Callable[[], WrittenTerms]) -> None:
    """Choose the language of each answer, and write values in the installation's terms."""
    app.extensions[_TERMS] = terms
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=_choose)
    app.jinja_env.filters.update(
        money=money, date=day, month=month, month_and_year=month_and_year, instant=instant
    )
    app.jinja_env.globals.update({"_": _text, "gettext": _text})
    app.context_processor(lambda: {"locale": language()})


def language() -> str:
    """The language spoken now: ``fr`` or ``en``."""
    locale = get_locale()
    return locale.language if locale else "en"


@pass_eval_context
def _text(context: EvalContext, message: str, **values: object) -> str:
    """What templates call `_`: as Jinja's and Babel's own, without their look-ups for each text."""
    spoken = language()
    if not values and context.autoescape:
        return _written(message, spoken)
    text = _translated(message, spoken)
    return (Markup(text) if context.autoescape else text) % values  # noqa: S704 - ours


@lru_cache(maxsize=4096)
def _translated(message: str, _language: str) -> str:
    return str(gettext(message))


@lru_cache(maxsize=4096)
def _written(message: str, language: str) -> Markup:
    # A text is a pattern even where nothing fills it in: %% is a per cent sign.
    return Markup(_translated(message, language)) % {}  # noqa: S704 - ours, not typed by anybody


def _choose() -> str:
    if not has_request_context():
        return language_of_shell()
    chosen = current_user.language if current_user.is_authenticated else None
    chosen = chosen or request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return cast(str, chosen)
    return request.accept_languages.best_match(LANGUAGES) or settings().default_language


@contextmanager
def speaking(chosen: str | None) -> Iterator[None]:
    """Speak a recipient's language, as a mail to them must."""
    with force_locale(chosen if chosen in LANGUAGES else settings().default_language):
        yield


def money(amount: int, currency: str | None = None) -> str:
    """Minor units as the reader writes money; the installation's currency unless one is given."""
    currency = currency or _terms().currency
    whole = Decimal(amount).scaleb(-EXPONENTS[currency])
    return format_currency(whole, currency, locale=language())


def day(value: date | None) -> str:
    """A civil date as the reader writes dates."""
    return "" if value is None else written_day(value, language())


@lru_cache(maxsize=4096)
def written_day(value: date, language: str) -> str:
    """A civil date in a language; kept, because lists write the same days again and again."""
    written = format_date(value, "medium", locale=language)
    # CLDR leaves out that French counts the first of a month.
    return f"1er{written[1:]}" if value.day == 1 and language == "fr" else written


def month(value: date) -> str:
    """The month of a day in few letters, with the year where it begins."""
    written = format_date(value, "LLL", locale=language())
    return f"{written} {value.year}" if value.month == 1 else written


def month_and_year(value: date) -> str:
    """The month of a day in full, with its year."""
    written = format_date(value, "LLLL y", locale=language())
    return written[:1].upper() + written[1:]


def instant(value: datetime | None, tz: ZoneInfo | None = None) -> str:
    """An instant in the business zone, or another one, as the reader writes it."""
    if value is None:
        return ""
    there = value.astimezone(tz or _terms().tz)
    return f"{day(there.date())}, {format_time(there.time(), 'short', locale=language())}"


def _terms() -> WrittenTerms:
    return cast(WrittenTerms, current_app.extensions[_TERMS]())
