"""/profile: what people change about themselves."""

from flask import Response
from flask_login import login_required

from app.accounts.views.blueprint import blueprint
from app.web.htmx import render


@blueprint.get("/profile")
@login_required
def profile() -> Response:
    """Name, language, password, sessions."""
    return render("accounts/profile.html")
