"""Writes docs/settings.md from the settings themselves: `make docs`."""  # noqa: INP001

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

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


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8")
