"""How often something may be tried, counted in the database for all processes (threats 9, 25)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.accounts.models import SignInFailure
from app.lib.ids import digest


@dataclass(frozen=True)
class Limit:
    """Tries within `window`: of one e-mail (from one address, or from any), and of one address."""

    what: str
    window: timedelta
    per_email: int
    per_address: int
    # A count of tries from anywhere would let a stranger lock a victim out.
    from_anywhere: bool = False


SIGN_IN = Limit("sign-in", timedelta(minutes=15), per_email=10, per_address=100)
CODE = Limit("code", timedelta(minutes=15), per_email=5, per_address=50)
PASSWORD_LINK = Limit(
    "link", timedelta(hours=1), per_email=5, per_address=20, from_anywhere=True
)  # fmt: skip
LONGEST = max(SIGN_IN.window, PASSWORD_LINK.window)


class TooMany(Exception):
    """The limit is reached; nothing was counted."""


def count(session: Session, limit: Limit, email: str, address: str, now: datetime) -> None:
    """Count one try, before it is made, so that tries at the same time count too; or TooMany."""
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - LONGEST))
    who, source = _who(limit, email), _source(limit, address)
    recent = SignInFailure.at > now - limit.window
    of_email = select(func.count()).where(SignInFailure.email_hash == who, recent)
    if not limit.from_anywhere:
        of_email = of_email.where(SignInFailure.address == source)
    of_address = select(func.count()).where(SignInFailure.address == source, recent)
    if (
        session.scalars(of_email).one() >= limit.per_email
        or session.scalars(of_address).one() >= limit.per_address
    ):
        raise TooMany
    session.add(SignInFailure(email_hash=who, address=source, at=now))


def forget(session: Session, limit: Limit, email: str, address: str) -> None:
    """Take back what was counted for an e-mail and an address: the try was a good one."""
    session.execute(
        delete(SignInFailure).where(
            SignInFailure.email_hash == _who(limit, email),
            SignInFailure.address == _source(limit, address),
        )
    )


def _who(limit: Limit, email: str) -> str:
    return digest(f"{limit.what} {email}")


def _source(limit: Limit, address: str) -> str:
    """The address; of IPv6 its network, since one customer of a provider has 2^64 addresses."""
    try:
        ip = ip_address(address)
    except ValueError:
        return f"{limit.what} {address}"[:45]
    if isinstance(ip, IPv6Address):
        return f"{limit.what} {IPv6Network((ip, 64), strict=False)}"
    return f"{limit.what} {ip}"
