"""Addresses that mails lead to: the page that resolves an alert, and the end of reminders."""

from flask import Blueprint, Response, abort
from flask import session as cookie
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import CHOSEN, membership_in, scope
from app.alerts import preferences, queries
from app.alerts.telling import path_of
from app.alerts.types import types
from app.db import db, transaction
from app.web.htmx import go_to, render
from app.web.security import csrf
from app.web.state import now

blueprint = Blueprint("alerts", __name__)


@blueprint.get("/alerts/<public_id>/go")
@login_required
def go(public_id: str) -> BaseResponse:
    """From a mail to the page that resolves an alert, showing the organization it is about."""
    alert = queries.alert(db.session(), scope(), public_id)
    if alert is None:
        abort(404)
    cookie[CHOSEN] = membership_in(alert.organization_id).public_id
    return go_to(path_of(alert))


@blueprint.get("/notifications/unsubscribe/<token>")
def ask_unsubscribe(token: str) -> Response:
    """What the link of a mail shows to people: one button. Looking at it changes nothing."""
    return _unsubscribe_page(token, done=False)


@blueprint.post("/notifications/unsubscribe/<token>")
@csrf.exempt
def unsubscribe(token: str) -> Response:
    """End these reminders, without signing in: mail programs post here by themselves (RFC 8058)."""
    if known := preferences.read_token(token):
        with transaction() as session:
            preferences.mute(session, *known, now=now())
    return _unsubscribe_page(token, done=True)


def _unsubscribe_page(token: str, *, done: bool) -> Response:
    known = preferences.read_token(token)
    if known is None:
        abort(404)
    labels = [types()[name].label() for name in known[1]]
    return render("alerts/unsubscribe.html", labels=labels, email=known[0], done=done)
