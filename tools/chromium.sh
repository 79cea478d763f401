#!/bin/sh
# Sees to it that the browser tests have a Chromium: the system's, Debian's package, or Playwright's own.
set -u

found() {
    .venv/bin/python -m tests.browser.chromium
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

found && exit
echo "No Chromium for the browser tests: installing one"
if command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null
    found && exit
fi
.venv/bin/playwright install chromium
found && exit
echo "NO CHROMIUM: install one (Debian: apt install chromium) or name it in VIGIE_TEST_CHROMIUM." >&2
echo "The browser tests will be skipped." >&2
[ "${CI:-}" != true ]
