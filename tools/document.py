"""Writes docs/settings.md and docs/alerts.md from the code itself: `make docs`."""  # noqa: INP001

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from app.alerts.ports import AlertType
from app.alerts.types import types
from app.settings import PREFIX, ROOT, Settings

PAGE = ROOT / "docs" / "settings.md"

INTRODUCTION = """\
# Settings

Environment variables, or lines of a `.env` file beside `wsgi.py`; the environment wins. Each can
be a file, as secrets often are: with `VIGIE_SECRET_KEY_FILE=/run/secrets/key`, its content is the
value of `VIGIE_SECRET_KEY`. A value that makes no sense stops the start with a sentence that names
it; `flask doctor` tells of `VIGIE_…` variables that are none of these. `PORT` (8000) is the
server's own.

Made by `make docs` from `app/settings.py`.

| variable | default | meaning |
|---|---|---|
"""


def page_text() -> str:
    """The page as it is committed."""
    return INTRODUCTION + "".join(_row(*field) for field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    return (
        f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description}{_limits(field)} |\n"
    )


def _default(field: FieldInfo) -> str:
    match field.default:
        case "" | ():
            return ""
        case bool() as switch:
            return f"`{int(switch)}`"
        case Path() as folder:
            return f"`{folder.relative_to(ROOT)}`"
        case value:
            return f"`{value}`"


def _limits(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ": " + " or ".join(f"`{choice}`" for choice in get_args(field.annotation))
    bounds = {
        name: getattr(rule, name)
        for rule in field.metadata
        for name in ("ge", "le")
        if hasattr(rule, name)
    }
    return f" ({bounds['ge']} to {bounds['le']})" if bounds else ""


ALERTS = ROOT / "docs" / "alerts.md"

ALERTS_INTRODUCTION = """\
# Types of alert

To whom each type is told and when, with the delays of the specification; the host may set others.
Days count from the opening; where some are negative, from the day that the alert is about, before
and after it. [How to add one](adding-an-alert.md). Made by `make docs` from
`app/alerts/types/`.

| type | opens ahead, or after | told to | reminders | expires after | its expiry needs |
|---|---|---|---|---|---|
"""


def alerts_text() -> str:
    """The page of alert types as it is committed."""
    return ALERTS_INTRODUCTION + "".join(_alert_row(one) for one in types().values())


def _alert_row(kind: AlertType) -> str:
    delays = kind.defaults
    told = [*sorted(role.value for role in kind.roles), *(["billing contact"] * kind.contacts)]
    guard = kind.guard
    cells = (
        f"`{kind.name}`",
        "" if delays.opens is None else f"{delays.opens} days",
        ", ".join(told),
        ", ".join(f"{count:+d}" for count in delays.reminders),
        "" if delays.expires is None else f"{delays.expires} days",
        f"opening and {guard.reminders} reminders accepted, {guard.days} days" if guard else "",
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8")
    ALERTS.write_text(alerts_text(), encoding="utf-8")
