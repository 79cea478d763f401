"""What pages and mails call roles, in the reader's language."""

from dataclasses import dataclass

from flask_babel import gettext as _

from app.accounts.rules import Role


def role_name(role: Role) -> str:
    """The name of a role."""
    return {
        Role.OWNER: _("Owner"),
        Role.BILLING: _("Billing"),
        Role.TECHNICAL: _("Technical"),
        Role.VIEWER: _("Viewer"),
    }[role]


@dataclass(frozen=True)
class Why:
    """Why an organization is suspended, what ends it, and the page where that is done, if any."""

    reason: str
    way_out: str
    link: str = ""
    url: str = ""


def why_suspended(reason: str) -> Why:
    """A reason of `suspensions` in words."""
    match reason:
        case "negative_balance":
            return Why(
                _("Its balance is below zero."),
                _("As soon as it is zero or more, everything works again by itself."),
                _("Pay what is owed"),
                "/billing",
            )
        case "inactivity":
            return Why(
                _("Nobody had signed in for a long time."),
                _("Now that you have, everything works again within minutes."),
            )
        case _:
            return Why(_("We have suspended it."), _("Please contact us."))


def role_explained(role: Role) -> str:
    """What somebody with that role may do."""
    return {
        Role.OWNER: _("everything, members too"),
        Role.BILLING: _("renewals and everything about money"),
        Role.TECHNICAL: _("domains, mailboxes and their renewals, but not who pays"),
        Role.VIEWER: _("looks only"),
    }[role]
