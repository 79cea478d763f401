"""/login and /logout."""

from datetime import timedelta

from flask import Response, flash, request
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import current_user, login_required, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import limits, passwords, service
from app.accounts.access import load_person, person
from app.accounts.forms import SignInForm
from app.accounts.queries import credentials
from app.accounts.views.blueprint import blueprint
from app.db import db, reading, transaction
from app.web.htmx import go_to, render
from app.web.paths import local_path
from app.web.state import now, settings


@blueprint.get("/login")
def login() -> Response | BaseResponse:
    """The sign-in page; whoever is signed in goes where they were going."""
    back = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return go_to(back or "/")
    return _page(SignInForm())


@blueprint.post("/login")
def sign_in() -> Response | BaseResponse:
    """Try an e-mail address and a password."""
    form = SignInForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        token = _try(form.email.data, form.password.data)
    except limits.TooMany:
        return _page(
            form,
            status=429,
            problem=_("Too many tries. Wait a quarter of an hour, then try again."),
        )
    if token is None:
        return _page(form, status=422, problem=_("The e-mail address or the password is wrong."))
    remember(token)
    return go_to(local_path(request.args.get("next")) or "/")


def _try(email: str, password: str) -> str | None:
    """The token of a new sign-in, or None; the slow part runs outside any transaction."""
    address = request.remote_addr or ""
    with transaction() as session:
        limits.count(session, limits.SIGN_IN, email, address, now())
    with reading() as session:
        tried = credentials(session, email)
    kept = tried.password_hash if tried else None
    if not passwords.verify(kept, password) or tried is None or kept is None:
        return None
    stronger = passwords.hash_password(password) if passwords.is_weaker(kept) else None
    try:
        with transaction() as session:
            return service.sign_in(
                session, tried, stronger_hash=stronger, here=here(), now=now()
            )  # fmt: skip
    except service.PasswordChanged:
        return None


def here() -> service.Browser:
    """Where the request comes from, as the list of sessions will name it."""
    return service.Browser(
        address=request.remote_addr or "",
        name=request.user_agent.string,
        lasts=timedelta(days=settings().session_days),
    )


def remember(token: str) -> None:
    """Tie the browser to a sign-in. What the cookie held before is dropped (threat 7)."""
    cookie.clear()
    cookie.permanent = True
    login_user(load_person(db.session(), token, now()))


def _page(form: SignInForm, *, status: int = 200, problem: str | None = None) -> Response:
    return render("accounts/login.html", status=status, form=form, problem=problem)


@blueprint.get("/logout")
def ask_to_log_out() -> Response | BaseResponse:
    """A link to sign out only asks: following a link changes nothing."""
    if not current_user.is_authenticated:
        return go_to("/login")
    return render("accounts/logout.html")


@blueprint.post("/logout")
@login_required
def logout() -> BaseResponse:
    """End this sign-in."""
    with transaction() as session:
        service.sign_out(session, person().sign_in_id)
    logout_user()
    cookie.clear()
    flash(_("You are signed out."), "info")
    return go_to("/login")
