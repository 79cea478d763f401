"""/staff/confirm: the second factor, asked once a browser and half a day (L16)."""

from flask import Response, current_app, flash, request
from flask_babel import gettext as _
from flask_login import login_user
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import limits, operators
from app.accounts.access import load_person, person
from app.accounts.second_factor import code_at, secret_of
from app.db import db, reading, transaction
from app.staff.forms import CodeForm
from app.staff.views.blueprint import blueprint
from app.web.htmx import go_to, render
from app.web.paths import local_path
from app.web.state import now, settings


@blueprint.get("/confirm")
def ask_code() -> Response | BaseResponse:
    """Ask for the code that the operator's app shows."""
    if person().is_confirmed:
        return go_to(_back())
    return _page(CodeForm())


@blueprint.post("/confirm")
def give_code() -> Response | BaseResponse:
    """Try a code; a good one opens the operator's pages to this browser."""
    form = CodeForm()
    if not form.validate():
        return _page(form, status=422)
    tried = operators.Try(
        person().user_id, person().sign_in_id, person().email, request.remote_addr or "",
        form.code.data,
    )  # fmt: skip
    try:
        with transaction() as session:
            limits.count(session, limits.CODE, tried.email, tried.address, now())
    except limits.TooMany:
        form.code.errors = [_("Too many tries. Wait a quarter of an hour, then try again.")]
        return _page(form, status=429)
    with transaction() as session:
        token = operators.confirm(session, tried, _key(), now())
    if token is None:
        form.code.errors = [_("This code is wrong, or was used already. Wait for the next one.")]
        return _page(form, status=422)
    login_user(load_person(db.session(), token, now()))
    flash(_("You are signed in as an operator."), "success")
    return go_to(_back())


def _back() -> str:
    return local_path(request.args.get("next")) or "/staff"


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])


def _page(form: CodeForm, *, status: int = 200) -> Response:
    return render(
        "staff/confirm.html", status=status, form=form, sandbox_code=_sandbox_code(),
        address=request.full_path if request.args else request.path,
    )  # fmt: skip


def _sandbox_code() -> str | None:
    """A sandbox has nothing to protect, and whoever tries it has no app at hand."""
    if not settings().sandbox:
        return None
    with reading() as session:
        factor = operators.factor_of(session, person().user_id)
    return code_at(secret_of(_key(), factor), now()) if factor else None
