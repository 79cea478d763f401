"""What alerts add to pages of rooms below: the choice of reminders, and who cannot be reached."""

from flask import current_app

from app.accounts.access import person, scope
from app.alerts import preferences, queries
from app.db import db
from app.web.i18n import language


def reminders() -> str:
    """On /profile: which reminders the person wants, and which mails come anyway (A14)."""
    labels = preferences.offered({one.role for one in person().memberships})
    wanted = preferences.wanted(db.session(), person().email)
    return _written("alerts/_reminders.html", labels=labels, wanted=wanted)


def out_of_reach(domain: str) -> str:
    """On pages of a domain and its mailboxes: that our warnings would not arrive (A25)."""
    if not queries.is_out_of_reach(db.session(), scope(), domain):
        return ""
    return _written("alerts/_out_of_reach.html", domain=domain)


def _written(template: str, **values: object) -> str:
    # Without the processors of pages, which the page that it stands on has run already.
    return current_app.jinja_env.get_template(template).render(locale=language(), **values)
