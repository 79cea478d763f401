"""The overview: what a customer looks at first."""

from flask import Blueprint, Response
from flask_login import login_required

from app.web.htmx import render

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@login_required
def overview() -> Response:
    """Next charges, balance, what expires, counts."""
    return render("home/overview.html")
