"""The language of a person at a command line, and texts for what is said before the app exists."""

import gettext
import os
from collections.abc import Callable
from pathlib import Path

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


def language_of_shell() -> str:
    """``fr`` or ``en``, by the usual variables of POSIX."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "fr" if value.lower().startswith("fr") else "en"
    return "en"


def shell_gettext() -> Callable[[str], str]:
    """The translator for that language; the English text where there is no catalogue."""
    return gettext.translation(
        "messages", TRANSLATIONS, [language_of_shell()], fallback=True
    ).gettext
