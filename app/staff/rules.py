"""What an operator may read of a mail: never the secret that lets its reader in (threat 20)."""

import re

HIDDEN = "…"
# Addresses that open something to whoever knows them; their last part is the secret.
SECRET_PATHS = ("/password/", "/notifications/unsubscribe/")
# Where a forgotten password is asked for: the one address below them that holds no secret.
_OPEN = r"forgotten(?![\w-])"
_SECRET = re.compile(rf"({'|'.join(SECRET_PATHS)})(?!{_OPEN})[\w.~%+=-]+")


def masked(text: str) -> str:
    """A text or HTML without the secrets of its links."""
    return _SECRET.sub(rf"\1{HIDDEN}", text)
