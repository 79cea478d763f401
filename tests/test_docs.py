"""The documents are true: made pages are fresh, and links and paths lead somewhere."""

import re
from pathlib import Path

import pytest

from tools import document

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)")
# A file or folder named in a text: `tests/lib/`, `lib/dates.py`, `CHANGELOG.md`.
NAMED = re.compile(r"`([\w./-]+(?:/|\.(?:py|md|sh|json|jsonl|html)))`")
MAPS = [ROOT / "docs" / name for name in ("rules.md", "architecture.md")]


def by_name(pages):
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


def test_the_page_of_settings_is_fresh():
    assert document.PAGE.read_text(encoding="utf-8") == document.page_text(), "run `make docs`"


def test_the_page_of_alerts_is_fresh():
    assert document.ALERTS.read_text(encoding="utf-8") == document.alerts_text(), "run `make docs`"


@pytest.mark.parametrize("page", by_name(PAGES))
def test_links_lead_to_files_that_exist(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", by_name(MAPS))
def test_the_maps_name_files_that_exist(page):
    named = set(NAMED.findall(page.read_text(encoding="utf-8")))
    assert sorted(name for name in named if not exists(name)) == []


def exists(name: str) -> bool:
    """Whether a path is there, seen from the root, from a room, or from a room's tests."""
    if name.startswith("/"):
        return True
    folders = (ROOT, ROOT / "app", ROOT / "docs", ROOT / "tests")
    return any(
        (folder / name).exists() or any(folder.glob(f"*/{name.rstrip('/')}")) for folder in folders
    )
