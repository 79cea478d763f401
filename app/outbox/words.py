"""What pages call the states of mails, and what the command that hears of returned ones says."""

from flask_babel import gettext as _
from flask_babel import pgettext

from app.outbox.bounces import Noted, Outcome
from app.outbox.delivery_reports import Report
from app.outbox.rules import MailState


def mail_state(state: MailState) -> tuple[str, str]:
    """A state of a mail in a word, and its colour."""
    return {
        MailState.QUEUED: (pgettext("mail", "Waiting"), "amber"),
        MailState.SENDING: (pgettext("mail", "Being sent"), "amber"),
        MailState.SENT: (pgettext("mail", "Accepted"), "green"),
        MailState.FAILED: (pgettext("mail", "Failed"), "red"),
        MailState.BOUNCED: (pgettext("mail", "Came back"), "red"),
    }[state]


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
