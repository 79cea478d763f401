"""Puts alerts in words: for pages from a row, for mails from what was just seen."""

from datetime import date
from typing import Protocol

from flask_babel import gettext as _

from app.alerts.ports import Case, Facts, Words
from app.alerts.rules import AlertState
from app.alerts.types import types
from app.web.state import settings


class Told(Protocol):
    """What is put in words: a row of the table, or of `queries`."""

    @property
    def public_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def state(self) -> AlertState: ...
    @property
    def opened_on(self) -> date: ...
    @property
    def deadline_on(self) -> date | None: ...


def tell_as_it_was(
    alert: Told, on: date, state: AlertState = AlertState.OPEN, facts: Facts | None = None
) -> Words:
    """An alert as it stood on a day that is over, with what was known then."""
    kind = types().get(alert.type)
    if kind is None:
        return tell(alert, on)
    known = alert.facts if facts is None else facts
    return kind.words(Case(alert.subject, known, state, alert.opened_on, alert.deadline_on, on))


def tell(alert: Told, today: date) -> Words:
    """An alert in the reader's language, as things stood when it was last looked at."""
    if alert.type not in types():
        # Its file was taken away: what was told is told, and nothing else happens.
        return Words(alert.subject, "", "", "", _("Show"))
    return types()[alert.type].words(
        Case(alert.subject, alert.facts, alert.state, alert.opened_on, alert.deadline_on, today)
    )


def path_of(alert: Told) -> str:
    """The page of the portal that resolves an alert."""
    kind = types().get(alert.type)
    return kind.path(alert.subject, alert.facts) if kind else f"/alerts/{alert.public_id}"


def link_of(alert: Told) -> str:
    """The same for a mail: signs in, shows the right organization, and goes there."""
    return f"{settings().public_url}/alerts/{alert.public_id}/go"
