"""/password/…: a link for those who forgot theirs, and the page it leads to."""

from flask import Response, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import limits, links, passwords, service
from app.accounts.forms import ChoosePasswordForm, ForgottenForm
from app.accounts.queries import LinkOwner, owner_of_link
from app.accounts.views.blueprint import blueprint
from app.accounts.views.signing_in import here, remember
from app.db import reading, transaction
from app.web.htmx import go_to, render
from app.web.state import now


@blueprint.get("/password/forgotten")
def forgotten() -> Response:
    """Asks for the e-mail address."""
    return render("accounts/forgotten.html", form=ForgottenForm())


@blueprint.post("/password/forgotten")
def send_link() -> Response | BaseResponse:
    """Queue a link; the answer does not tell whether anybody has that address (threat 8)."""
    form = ForgottenForm()
    if not form.validate():
        return render("accounts/forgotten.html", form=form, status=422)
    try:
        with transaction() as session:
            links.send_link(session, form.email.data, request.remote_addr or "", now())
    except limits.TooMany:
        problem = _("Too many mails were asked for. Wait an hour, then try again.")
        return render("accounts/forgotten.html", form=form, problem=problem, status=429)
    return render("accounts/forgotten_sent.html", email=form.email.data)


@blueprint.get("/password/<token>")
def choose_password(token: str) -> Response:
    """The page behind a link. Looking does not use it up: mail scanners look too."""
    owner = _owner(token)
    if owner is None:
        return _no_link()
    return _page(ChoosePasswordForm(data={"name": owner.name}), owner)


@blueprint.post("/password/<token>")
def use_link(token: str) -> Response | BaseResponse:
    """Take the new password, and sign its person in."""
    owner = _owner(token)
    if owner is None:
        return _no_link()
    form = ChoosePasswordForm()
    form.of(owner.email, owner.name)
    if not form.validate():
        return _page(form, owner, status=422)
    kept = passwords.hash_password(form.password.data)
    name = form.name.data if owner.is_new else None
    try:
        with transaction() as session:
            user = links.choose_password(session, token, kept, name, now())
            opened = service.open_sign_in(session, user, here(), now())
    except links.NoLink:
        return _no_link()
    remember(opened)
    flash(_("Your password is saved."), "success")
    return go_to("/")


def _owner(token: str) -> LinkOwner | None:
    with reading() as session:
        return owner_of_link(session, token, now())


def _page(form: ChoosePasswordForm, owner: LinkOwner, status: int = 200) -> Response:
    return render("accounts/choose_password.html", form=form, owner=owner, status=status)


def _no_link() -> Response:
    return render("accounts/no_link.html", status=404)
