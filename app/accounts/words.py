"""What pages and mails call roles, in the reader's language."""

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


def role_explained(role: Role) -> str:
    """What somebody with that role may do."""
    return {
        Role.OWNER: _("everything, members too"),
        Role.BILLING: _("renewals and everything about money"),
        Role.TECHNICAL: _("domains, mailboxes, their renewals"),
        Role.VIEWER: _("looks only"),
    }[role]
