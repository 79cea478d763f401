"""What alerts add to pages of rooms below: reminders, who is out of reach, notices of the law."""

from flask import current_app

from app.accounts.access import may, person, scope
from app.accounts.installation import today
from app.accounts.rules import Right
from app.alerts import preferences, queries, words
from app.alerts.tacit import path_of
from app.alerts.tacit_queries import standing
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


def tacit_renewal(name: str) -> str:
    """On pages of a service: that its renewal was announced, or was not and may be left (R17)."""
    service = standing(db.session(), scope(), name, today())
    if service is None or not (service.announced or service.exit):
        return ""
    return _written(
        "alerts/_tacit_renewal.html",
        service=service,
        mail=words.mail,
        path=path_of(service.kind, service.name),
        may_leave=may(Right.BILL, service.organization_id),
    )


def _written(template: str, **values: object) -> str:
    # Without the processors of pages, which the page that it stands on has run already.
    return current_app.jinja_env.get_template(template).render(locale=language(), **values)
