"""Finds the Chromium for the browser tests; run as a program it prints where, or fails."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

# The last four keep it off the network: nothing answers there, and tests must not ask.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def installed() -> str | None:
    """The Chromium that the environment names or the system has."""
    names = (os.environ.get("VIGIE_TEST_CHROMIUM", ""), "chromium", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def downloaded(playwright: Playwright) -> str | None:
    """The Chromium that Playwright downloaded, if it did."""
    path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def main() -> int:
    path = installed()
    if path is None:
        with sync_playwright() as playwright:
            path = downloaded(playwright)
    print(f"Chromium for the browser tests: {path}" if path else "No Chromium found")
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
