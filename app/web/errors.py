"""Errors in the person's words: one page for all of them, and never a bare 500."""

from flask import Flask, Response, current_app, g, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as BaseResponse

from app.db import db
from app.web.htmx import render
from app.web.state import settings


def init(app: Flask) -> None:
    """Answer every error with a page."""
    app.register_error_handler(SecurityError, _other_host)
    app.register_error_handler(CSRFError, _forged_or_expired)
    app.register_error_handler(HTTPException, _known)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(Exception, _unknown)


def explanation(code: int) -> tuple[str, str]:
    """Title and one sentence for a status code."""
    known = {
        400: (_("This request cannot be understood"), _("Go back and try again.")),
        401: (_("Please sign in"), _("Your session has ended. Sign in to go on.")),
        403: (
            _("This is not allowed"),
            _("Your role in the organization does not allow this. Nothing was changed."),
        ),
        404: (
            _("There is nothing here"),
            _("The address may be mistyped, or what it led to is gone or not yours to see."),
        ),
        405: (_("This address works another way"), _("Go back and use the page’s own buttons.")),
        409: (
            _("Something changed in the meantime"),
            _("Look at the page again before you go on. Nothing was changed."),
        ),
        413: (_("This is too much at once"), _("Send less data. Nothing was changed.")),
        429: (_("Too many tries"), _("Wait a quarter of an hour, then try again.")),
        503: (
            _("The portal is busy"),
            _("Nothing was changed. Try again in a moment."),
        ),
    }  # fmt: skip
    return known.get(code) or (
        _("Something went wrong"),
        _("We have been told about it. Try again in a moment."),
    )


def error_page(code: int, explained: tuple[str, str] | None = None) -> Response:
    """The page of one error, in the words for its code or in those that are given."""
    title, sentence = explained or explanation(code)
    return render("error.html", status=code, code=code, title=title, sentence=sentence)


def _known(error: HTTPException) -> Response | BaseResponse:
    if error.code is None or 300 <= error.code < 400:
        return error.get_response()
    answer = error_page(error.code)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _forged_or_expired(_error: CSRFError) -> Response | BaseResponse:
    login = current_app.login_manager  # type: ignore[attr-defined]
    if not current_user.is_authenticated and request.endpoint != login.login_view:
        return login.unauthorized()  # type: ignore[no-any-return]
    too_old = (
        _("This form is too old"),
        _("Open the page again, then fill it in and send it. Nothing was changed."),
    )
    return error_page(403, too_old)


def _other_host(_error: SecurityError) -> Response:
    # A page would need links, which Flask does not build for a host that is not ours.
    return Response(
        f"This portal is at {settings().public_url}\n", status=400, mimetype="text/plain"
    )


def _busy(_error: OperationalError) -> Response:
    current_app.logger.exception("the database did not answer: %s %s", request.method, request.path)
    return _page_without_person(503)


def _unknown(_error: Exception) -> Response:
    current_app.logger.exception("unexpected: %s %s", request.method, request.path)
    return _page_without_person(500)


def _page_without_person(code: int) -> Response:
    """The page of an error after which the person, or even the page, may not be to be had."""
    db.session.rollback()
    login = current_app.login_manager  # type: ignore[attr-defined]
    g._login_user = login.anonymous_user()  # noqa: SLF001 - where Flask-Login looks first
    try:
        return error_page(code)
    except Exception:
        current_app.logger.exception("the error page failed")
        sentence = "Something went wrong. Please try again in a moment.\n"
        return Response(sentence, status=code, mimetype="text/plain")
