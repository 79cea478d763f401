"""The token behind *Undo*: what stood before, signed, for one person and ten minutes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from app.auto_renewal.service import Change
from app.subscriptions.service import Choice

VALID_FOR = timedelta(minutes=10)
_SALT = "auto_renewal.undo"


@dataclass(frozen=True)
class Undoable:
    """Changes that can be taken back until an instant, and the list they were made from."""

    changes: tuple[Change, ...]
    until: datetime
    back: str


def seal(changes: Sequence[Change], *, user_id: int, back: str, now: datetime, secret: str) -> str:
    """The token for a form."""
    return URLSafeSerializer(secret, _SALT).dumps(
        {
            "user": user_id,
            "until": int((now + VALID_FOR).timestamp()),
            "back": back,
            "changes": [asdict(change) for change in changes],
        }
    )


def unseal(token: str, *, user_id: int, secret: str) -> Undoable | None:
    """What the token holds; None when we did not make it, or made it for somebody else."""
    try:
        told = URLSafeSerializer(secret, _SALT).loads(token)
    except BadSignature:
        return None
    if told["user"] != user_id:
        return None
    changes = tuple(
        Change(change["subscription_id"], Choice(**change["before"]), change["after"])
        for change in told["changes"]
    )
    return Undoable(changes, datetime.fromtimestamp(told["until"], UTC), told["back"])
