"""What types of alert share that end with a suspension of the organization."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.suspensions import suspend
from app.alerts import resumed
from app.alerts.models import Alert
from app.alerts.ports import AlertType, Facts
from app.alerts.rules import SANCTION, Delays, Step, after_opening, last_is_mandatory
from app.journal.service import Actor


class SuspendingAlert(AlertType):
    """It expires so many days after its opening; the type's name is the suspension's reason."""

    guard = SANCTION
    cause_is_identity = False
    tells_expiry = True

    def steps(self, facts: Facts, opened_on: date, delays: Delays) -> list[Step]:
        """The last reminder goes to everybody: the suspension needs it."""
        return last_is_mandatory(after_opening(delays.reminders, opened_on))

    def deadline(self, facts: Facts, opened_on: date, delays: Delays) -> date | None:
        """So many days after the opening."""
        return opened_on + timedelta(days=delays.expires or 0)

    def expire(self, session: Session, alert: Alert, *, by: Actor, now: datetime) -> None:
        """Suspend."""
        suspend(session, alert.organization_id, self.name, by=by, now=now)

    def lift(self, session: Session, alert: Alert, *, by: Actor, now: datetime) -> None:
        """The condition has gone: this reason goes."""
        resumed.lift(session, alert, self.name, by=by, now=now)
