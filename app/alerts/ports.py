"""What a type of alert is: it watches what other rooms hold, and says it in words."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.accounts.rules import Right, Role
from app.alerts.models import Alert
from app.alerts.rules import AlertState, Delays, Guard, Step
from app.journal.service import Actor

Facts = Mapping[str, Any]
# What is further away than this is nobody's plan, and may be no date.
LONGEST = 1000


@dataclass(frozen=True)
class Case:
    """One alert as its type puts it in words: what was last seen, and its dates."""

    subject: str
    facts: Facts
    state: AlertState
    opened_on: date
    deadline_on: date | None
    today: date

    def day(self, name: str) -> date:
        """A fact that is a date."""
        return date.fromisoformat(self.facts[name])


@dataclass(frozen=True)
class Words:
    """An alert for people, in the reader's language; plain text, a sentence or two each.

    `title` names it in lists and subjects, `what` says what is the matter and how much, `until`
    what to do by when, `after` what follows if nothing is done, `action` is the label of the link.
    `by` is the day that lists show where the alert itself has no deadline.
    """

    title: str
    what: str
    until: str
    after: str
    action: str
    by: date | None = None


class AlertType(ABC):
    """A type of alert; one file in `types/` with one subclass is all it takes.

    `severity` orders a digest, 0 first (A13). `roles` of members are told, and with `contacts` the
    organization's default billing contact. `guard` is what must have been told before an expiry
    acts (A8). With `cause_is_identity`, another cause is another alert (a period, a date); without,
    only the condition counts while it stands. `tells_expiry` has the expiry mailed on its own.
    `right` is what a member needs to resolve it; where `visit_resolves`, they just have.
    """

    name: str
    severity: int
    roles: frozenset[Role]
    contacts: bool = False
    defaults: Delays
    guard: Guard | None = None
    cause_is_identity: bool = True
    tells_expiry: bool = False
    right: Right = Right.SEE
    visit_resolves: bool = False

    @abstractmethod
    def watch(self, today: date, terms: Terms, delays: Delays) -> Select[*tuple[Any, ...]]:
        """All that the type warns of now, in one statement, by indexes.

        Columns `subject_id` (an integer key), `subject`, `organization_id` and `cause` (texts);
        whatever else it selects are the facts. Where these change while an alert stands, `latest`
        is a text (200 characters at most) that changes with what they say. An open alert is
        resolved when this no longer finds its subject.
        """

    def check(self, delays: Delays) -> None:
        """Raise ValueError, with a sentence, for delays that make no sense for the type."""
        for name in ("opens", "expires"):
            if (getattr(delays, name) is None) != (getattr(self.defaults, name) is None):
                raise ValueError(
                    _("This type has no such delay, or needs one: %(name)s", name=name)
                )
        days = (delays.opens or 0, *delays.reminders, delays.expires or 0)
        if max(map(abs, days)) > LONGEST:
            raise ValueError(_("No delay is longer than %(days)s days.", days=LONGEST))
        if delays.opens is not None and delays.opens < 1:
            raise ValueError(_("An alert opens at least one day ahead."))
        least = self.guard.days + 1 if self.guard else 1
        if delays.expires is not None and delays.expires < least:
            raise ValueError(_("Nobody is suspended in less than %(days)s days.", days=least))

    @abstractmethod
    def steps(self, facts: Facts, opened_on: date, delays: Delays) -> list[Step]:
        """Reminders and legal notices, from the opening to the end."""

    def deadline(self, facts: Facts, opened_on: date, delays: Delays) -> date | None:
        """The day on which it expires, None where it never does."""
        return None

    def lock(self, session: Session, subject_ids: Collection[int]) -> None:
        """Lock what the condition is read from, before an expiry asks once more (A8)."""
        return

    def expire(self, session: Session, alert: Alert, *, by: Actor, now: datetime) -> None:
        """What an expiry does, in its transaction. Nothing, unless a type says otherwise."""
        return

    def lift(self, session: Session, alert: Alert, *, by: Actor, now: datetime) -> None:
        """Undo what the expiry did, now that the condition has gone."""
        return

    @abstractmethod
    def resolutions(self, session: Session, subject_ids: Collection[int]) -> dict[int, str]:
        """Why the condition of these subjects has gone, as codes of `resolution_words`."""

    @abstractmethod
    def label(self) -> str:
        """What the type is called in lists, filters and preferences."""

    @abstractmethod
    def words(self, case: Case) -> Words:
        """One alert of this type for people."""

    @abstractmethod
    def path(self, subject: str, facts: Facts) -> str:
        """The page of the portal that resolves it."""

    def domain(self, subject: str) -> str | None:
        """The domain that will fail, and mails to its addresses with it (A25)."""
        return None
