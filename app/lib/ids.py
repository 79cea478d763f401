"""Random public ids and tokens: what appears in addresses, forms and links."""

import hashlib
import secrets

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def public_id() -> str:
    """A new id of 80 random bits, easy to read aloud."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))


def token() -> str:
    """A new secret of 256 bits for a link or a cookie; only its digest is stored."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a token: 64 hexadecimal digits of SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def random_key() -> int:
    """A random positive 62-bit row key, for rows that must be named before they exist."""
    return secrets.randbits(62) | 1
