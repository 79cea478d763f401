"""Errors in the person's words: one page for all of them, and never a bare 500."""

from flask import Flask, Response, current_app, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.db import db
from app.web.htmx import render


def init(app: Flask) -> None:
    """Answer every error with a page."""
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
            _("Your role in the organization does not allow this, or the form was too old. "
              "Nothing was changed."),
        ),
        404: (
            _("This page does not exist"),
            _("The address is wrong, or what it shows is not yours to see."),
        ),
        405: (_("This address works another way"), _("Go back and use the page's own buttons.")),
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


def error_page(code: int) -> Response:
    """The page of one error."""
    title, sentence = explanation(code)
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
        # The form outlived its session: say so and come back to it after signing in.
        flash(_("Your session has ended. Sign in again; nothing was changed."), "info")
        return login.unauthorized()  # type: ignore[no-any-return]
    return error_page(403)


def _busy(error: OperationalError) -> Response:
    current_app.logger.exception("the database did not answer: %s %s", request.method, request.path)
    db.session.rollback()
    return error_page(503)


def _unknown(error: Exception) -> Response:
    current_app.logger.exception("unexpected: %s %s", request.method, request.path)
    db.session.rollback()
    try:
        return error_page(500)
    except Exception:  # the page itself may need what just failed
        current_app.logger.exception("the error page failed")
        return Response(_("Something went wrong"), status=500, mimetype="text/plain")
