"""What pages that show alerts have in common: an alert in words, and what resolves it."""

from typing import Any

from app.accounts.access import may, person
from app.accounts.installation import terms, today
from app.alerts import words
from app.alerts.ports import Words
from app.alerts.queries import AlertRow
from app.alerts.telling import tell, tell_as_it_was
from app.alerts.types import types


def words_of(alert: AlertRow) -> Words:
    """An alert in words: as it stands, or as it stood before it was resolved."""
    if alert.ended_at:
        return tell_as_it_was(alert, terms().today(alert.ended_at))
    return tell(alert, today())


def helpers() -> dict[str, Any]:
    """What templates about alerts ask about one of them."""
    return {
        "state": words.state,
        "resolution": words.resolution,
        "resolved_by_visit": resolved_by_visit,
        "may_resolve": may_resolve,
    }


def may_resolve(alert: AlertRow) -> bool:
    """Whether the person's role lets them do what resolves it."""
    kind = types().get(alert.type)
    return kind is not None and may(kind.right, alert.organization_id)


def resolved_by_visit(alert: AlertRow) -> bool:
    """Whether it resolves itself since the person signed in."""
    kind = types().get(alert.type)
    return kind is not None and kind.visit_resolves and not person().is_visiting
