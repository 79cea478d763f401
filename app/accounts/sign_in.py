"""Ties Flask-Login to our own sign-ins: the cookie holds a token that the table can end."""

from urllib.parse import urlsplit

from flask import Flask, Response, flash, request, url_for
from flask_babel import gettext as _
from flask_login import LoginManager
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Person, load_person
from app.db import db
from app.web.errors import error_page
from app.web.htmx import go_to
from app.web.paths import local_path
from app.web.state import now

login_manager = LoginManager()
LOGIN = "accounts.login"


def init(app: Flask) -> None:
    """Load the person of each request, and send strangers to the sign-in page."""
    login_manager.login_view = LOGIN
    # Our token already ties a cookie to one sign-in; addresses of phones change all day.
    login_manager.session_protection = None
    login_manager.init_app(app)


@login_manager.user_loader
def _load(token: str) -> Person | None:
    return load_person(db.session(), token, now())


@login_manager.unauthorized_handler
def _unauthorized() -> Response | BaseResponse:
    if request.method not in ("GET", "HEAD"):
        # The form outlived its session.
        flash(_("Your session has ended. Sign in again; nothing was changed."), "info")
    address = url_for(LOGIN, next=_way_back())
    if request.headers.get("HX-Request"):
        answer = error_page(401)
        answer.headers["HX-Redirect"] = address
        return answer
    return go_to(address)


def _way_back() -> str | None:
    """The page that was asked for; for a form, the page it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    page = urlsplit(request.referrer or "")
    return local_path(f"{page.path}?{page.query}".rstrip("?"))
