"""What the frame lets people choose: the organization they look at, and their language."""

from urllib.parse import urlsplit

from flask import abort, request
from flask import session as cookie
from flask_login import current_user, login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import service
from app.accounts.access import CHOSEN, person
from app.accounts.navigation import navigation
from app.accounts.views.blueprint import blueprint
from app.db import transaction
from app.web.htmx import go_to
from app.web.i18n import COOKIE, LANGUAGES
from app.web.paths import local_path
from app.web.state import settings


@blueprint.post("/choose-organization")
@login_required
def choose_organization() -> BaseResponse:
    """Show another organization of the person's in the lists."""
    wanted = request.form.get("organization")
    if wanted not in {m.public_id for m in person().memberships}:
        abort(404)
    cookie[CHOSEN] = wanted
    # A page about one thing of the organization left behind would contradict the header.
    lists = {item.url for item in navigation()}
    back = request.form.get("next") or urlsplit(request.referrer or "").path
    return go_to(back if back in lists else "/domains")


@blueprint.post("/choose-language")
def choose_language() -> BaseResponse:
    """Speak another language, on this page and from now on."""
    wanted = request.form.get("language")
    if wanted not in LANGUAGES:
        abort(400)
    if current_user.is_authenticated:
        with transaction() as session:
            service.choose_language(session, person().user_id, wanted)
    answer = go_to(local_path(request.form.get("next")) or "/")
    answer.set_cookie(
        COOKIE, wanted, max_age=365 * 86400, httponly=True, samesite="Lax",
        secure=settings().public_url.startswith("https://"),
    )  # fmt: skip
    return answer
