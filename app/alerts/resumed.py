"""Ends a suspension's reason, and with the last one tells that all works again (A11)."""

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.models import Organization
from app.accounts.rules import Role
from app.accounts.suspensions import resume
from app.alerts.mails import Entry, letter
from app.alerts.models import Alert
from app.alerts.ports import Words
from app.alerts.posting import Occasion, post
from app.alerts.recipients import addresses_of
from app.journal.service import Actor
from app.web.i18n import speaking
from app.web.state import settings

ROLES = frozenset({Role.OWNER})


def lift(session: Session, alert: Alert, reason: str, *, by: Actor, now: datetime) -> None:
    """Take away the reason that an alert brought; one mail a suspension, alone (A13)."""
    organization = session.get_one(
        Organization, alert.organization_id, with_for_update=True, populate_existing=True
    )
    since = organization.suspended_since
    resume(session, organization.id, reason, by=by, now=now)
    if since is None or organization.suspended_since is not None:
        return
    key = f"resumed:{organization.id}:{since.isoformat()}"
    occasion = Occasion(key, "resumed", organization.id, by, now)
    for person in addresses_of(session, [organization.id]).of_roles(ROLES, organization.id):
        with speaking(person.language):
            entry = Entry(_words(organization.name), _link(alert))
            written = letter(person.name, organization.name, [entry])
        post(session, occasion, person, written)


def _words(name: str) -> Words:
    return Words(
        title=_("%(name)s works again", name=name),
        what=_("%(name)s is no longer suspended.", name=name),
        until=_("You need do nothing more."),
        after=_(
            "Its hosting accounts, mailboxes and forwardings start again by themselves, within "
            "minutes, except what has expired meanwhile."
        ),
        action=_("See what it was"),
    )


def _link(alert: Alert) -> str:
    return f"{settings().public_url}/alerts/{alert.public_id}/go"
