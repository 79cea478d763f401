"""/profile: what people change about themselves, and where they are signed in."""

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import limits, passwords, queries, service
from app.accounts.access import person
from app.accounts.browsers import browser_name
from app.accounts.forms import ChangePasswordForm, ProfileForm
from app.accounts.views.blueprint import blueprint
from app.db import db, reading, transaction
from app.web.htmx import go_to, render
from app.web.i18n import language
from app.web.state import now


@blueprint.get("/profile")
@login_required
def profile() -> Response:
    """Name, language, password, sessions."""
    return _page()


@blueprint.post("/profile")
@login_required
def change_profile() -> Response | BaseResponse:
    """Another name or language."""
    form = ProfileForm()
    if not form.validate():
        return _page(about=form, status=422)
    with transaction() as session:
        service.change_profile(
            session, person().user_id, name=form.name.data, language=form.language.data, now=now()
        )
    flash(_("Saved."), "success")
    return go_to("/profile")


@blueprint.post("/profile/password")
@login_required
def change_password() -> Response | BaseResponse:
    """Another password, for whoever knows the present one; all other browsers are signed out."""
    form = ChangePasswordForm()
    form.of(person().email, person().name)
    if not form.validate():
        return _page(password=form, status=422)
    try:
        changed = _replace(form.current.data, form.password.data)
    except limits.TooMany:
        form.current.errors = [_("Too many tries. Wait a quarter of an hour, then try again.")]
        return _page(password=form, status=429)
    if not changed:
        form.current.errors = [_("This is not your current password.")]
        return _page(password=form, status=422)
    flash(_("Your password is changed. All other browsers are signed out."), "success")
    return go_to("/profile")


@blueprint.post("/profile/sign-out-elsewhere")
@login_required
def sign_out_elsewhere() -> BaseResponse:
    """End all other sign-ins."""
    with transaction() as session:
        service.sign_out_elsewhere(
            session, person().user_id, keep=person().sign_in_id, now=now()
        )  # fmt: skip
    flash(_("All other browsers are signed out."), "success")
    return go_to("/profile")


def _replace(current: str, new: str) -> bool:
    address = request.remote_addr or ""
    with transaction() as session:
        limits.count(session, limits.SIGN_IN, person().email, address, now())
    with reading() as session:
        tried = queries.credentials(session, person().email)
    if tried is None or not passwords.verify(tried.password_hash, current):
        return False
    kept = passwords.hash_password(new)
    with transaction() as session:
        limits.forget(session, limits.SIGN_IN, person().email, address)
        try:
            service.replace_password(session, tried, kept, keep=person().sign_in_id, now=now())
        except service.PasswordChanged:
            return False
    return True


def _page(
    *,
    about: ProfileForm | None = None,
    password: ChangePasswordForm | None = None,
    status: int = 200,
) -> Response:
    me = person()
    return render(
        "accounts/profile.html",
        status=status,
        about=about or ProfileForm(None, data={"name": me.name, "language": language()}),
        password=password or ChangePasswordForm(None),
        sign_ins=queries.sign_ins(db.session(), me.user_id, now()),
        browser_name=browser_name,
        here=me.sign_in_id,
    )
