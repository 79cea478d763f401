"""Codes of an operator's authenticator app: one every thirty seconds, each good once (RFC 6238)."""

import hmac
from base64 import b32encode
from datetime import datetime

from pyotp import TOTP

# A clock may be off by one code in either direction.
_DRIFT = (0, -1, 1)
_SECONDS = 30


def secret_of(key: str, factor: str) -> str:
    """The secret, 160 bits in Base32, that follows from the installation's key and a factor."""
    return b32encode(hmac.digest(key.encode(), f"second factor {factor}".encode(), "sha1")).decode()


def place_of(secret: str, code: str, now: datetime) -> int | None:
    """The place in time of a code that is good about `now`, or None for any other text."""
    typed = "".join(code.split())
    present = int(now.timestamp()) // _SECONDS
    totp = TOTP(secret)
    return next(
        (
            present + drift
            for drift in _DRIFT
            if hmac.compare_digest(totp.generate_otp(present + drift).encode(), typed.encode())
        ),
        None,
    )


def code_at(secret: str, now: datetime) -> str:
    """The code that an app shows at `now`."""
    return str(TOTP(secret).at(now))


def set_up_address(secret: str, email: str, host: str) -> str:
    """The `otpauth:` address that an app reads, as a link or out of a picture."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=host)
