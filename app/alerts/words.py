"""What pages call the codes of alerts: states, steps, mails, and why an alert ended or waits."""

from typing import assert_never

from flask_babel import gettext as _

from app.alerts.queries import Notice
from app.alerts.rules import AlertState, Hold, LeftOut, StepKind, StepState
from app.outbox.rules import MailState
from app.web.i18n import instant


def state(code: AlertState) -> tuple[str, str]:
    """A state and its tone."""
    return {
        AlertState.OPEN: (_("Open"), "amber"),
        AlertState.EXPIRED: (_("Deadline passed"), "red"),
        AlertState.RESOLVED: (_("Resolved"), "green"),
    }[code]


def resolution(code: str | None) -> str:
    """Why an alert was resolved; a code of a type that is not known here stays as it is."""
    known = {
        "paid": _("The balance is zero or above again."),
        "signed_in": _("Somebody has signed in."),
        "paying": _("The organization now pays for something."),
        "renewed": _("It was renewed."),
        "gone": _("It is no longer here."),
        "lost": _("It was not renewed in time and is lost."),
        "removed": _("The card was removed."),
        "updated": _("The card has a new expiry date."),
        "applied": _("The move was applied."),
        "cancelled": _("The move was called off."),
        "expired": _("What was to renew has expired; another alert tells of that."),
        "mailbox_expired": _("It expired without being renewed; it can still be renewed."),
        "switched_off": _("Auto-renewal was switched off."),
        "funded": _("There is enough money now, or a card that can be charged."),
    }
    return str(known.get(code or "", (code or "").replace("_", " ")))


def hold(code: str) -> str:
    """Why a deadline that has passed has no consequences yet (A8)."""
    return {
        Hold.NOT_TOLD: _("Nothing was done: our first mail has not arrived anywhere yet."),
        Hold.NOT_REMINDED: _("Nothing was done: no reminder has arrived anywhere yet."),
        Hold.TOO_SOON: _("Nothing was done: our first mail arrived less than a week ago."),
    }[Hold(code)]


def step(kind: StepKind, state: StepState) -> tuple[str, str, str]:
    """What a step of the time line is called, what is to be said of it, and its tone."""
    if state is StepState.MISSED:
        return _("Legal notice not sent"), _("It was too late for it; the host was told."), "red"
    if kind is StepKind.REMINDER and state is StepState.SKIPPED:
        return _("Reminder left out"), "", ""
    names = {
        StepKind.OPENING: _("Opened"),
        StepKind.REMINDER: _("Reminder"),
        StepKind.LEGAL: _("Renewal notice that the rules of ICANN ask for"),
        StepKind.EXPIRY: _("Deadline passed"),
    }
    tone = {StepKind.OPENING: "amber", StepKind.EXPIRY: "red"}.get(kind, "")
    return names[kind], "", tone


def left_out(code: LeftOut) -> str:
    """Why a reminder was not sent."""
    return {
        LeftOut.DEADLINE: _("The deadline came first."),
        LeftOut.LATER: _("A later reminder was due by then."),
        LeftOut.UNWANTED: _("Nobody wanted to be reminded."),
        LeftOut.POINTLESS: _("There was nothing to remind of that day, or nobody wanted it."),
    }[code]


def mail(one: Notice) -> tuple[str, str]:
    """What became of a mail, and the class of its colour."""
    accepted, back = instant(one.accepted_at), instant(one.bounced_at)
    match one.mail_state:
        case MailState.SENT:
            return _("accepted by the mail server on %(date)s", date=accepted), ""
        case MailState.BOUNCED if accepted:
            return _(
                "accepted by the mail server on %(date)s, came back on %(back)s: is this address "
                "right?",
                date=accepted, back=back,
            ), "error"  # fmt: skip
        case MailState.BOUNCED:
            return _("came back on %(date)s: is this address right?", date=back), "error"
        case MailState.FAILED:
            return _("refused by the mail server: is this address right?"), "error"
        case MailState.QUEUED | MailState.SENDING:
            return _("not accepted by the mail server yet; we keep trying"), ""
        case never:
            assert_never(never)
