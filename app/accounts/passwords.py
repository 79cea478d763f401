"""Passwords: how they are kept, how one is tried, and which are too easy (L16)."""

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Tried where nobody has that e-mail address, so that the answer takes as long (threat 8).
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """What is stored of a password: argon2id with 19 MiB, two passes, one lane."""
    return _hasher.hash(password)


def verify(kept: str | None, password: str) -> bool:
    """Whether the password is the one kept; takes as long where none is kept."""
    try:
        _hasher.verify(kept or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_weaker(kept: str) -> bool:
    """Whether a hash was made with less than today's parameters, and is to be made anew."""
    then, today = extract_parameters(kept), extract_parameters(_NOBODY)
    return then.memory_cost < today.memory_cost or then.time_cost < today.time_cost
