"""What the command that hears of mails that came back answers."""

from flask_babel import gettext as _

from app.outbox.bounces import Noted, Outcome
from app.outbox.delivery_reports import Report


def heard(noted: Noted, report: Report) -> str:
    """What a report says, and whether it changed anything."""
    match noted.outcome:
        case Outcome.BOUNCED:
            return _(
                "The mail to %(recipient)s came back (%(reason)s).",
                recipient=noted.recipient, reason=report.reason or report.action,
            )  # fmt: skip
        case Outcome.KNOWN:
            return _(
                "The mail to %(recipient)s is known not to have arrived. Nothing was changed.",
                recipient=noted.recipient,
            )
        case Outcome.NOT_FAILED:
            return _(
                "The mail to %(recipient)s did not fail (%(action)s). Nothing was changed.",
                recipient=noted.recipient, action=report.action,
            )  # fmt: skip
        case Outcome.NOT_OURS:
            return _("This report is about a mail that is not ours. Nothing was changed.")


def no_report() -> str:
    """About a mail that is no report."""
    return _("This is no report about a delivery. Nothing was changed.")
