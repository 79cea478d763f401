"""The two addresses without a page: the host's colour, and a sign of life."""

from flask import Blueprint, Response
from sqlalchemy import text

from app.db import db
from app.web.state import settings

blueprint = Blueprint("web", __name__)


@blueprint.get("/host.css")
def host_css() -> Response:
    """The host's accent colour as a style sheet, since the policy forbids inline styles."""
    colour = settings().host_colour
    css = f":root{{--host-colour:{colour}}}\n" if colour else ""
    return Response(css, mimetype="text/css", headers={"Cache-Control": "max-age=3600"})


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 when the database answers."""
    db.session.execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")
