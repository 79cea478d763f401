"""One template, two answers: the whole page, or the block that htmx asked for."""

from flask import Response, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block
from werkzeug.wrappers import Response as BaseResponse


def wants_part() -> bool:
    """Whether htmx asks for a part of the page rather than for the page."""
    return request.headers.get("HX-Request-Type") == "partial"


def render(
    template: str, *, block: str | None = None, status: int = 200, **context: object
) -> Response:
    """The page, or only its `block` when htmx asks for a part."""
    if block and wants_part():
        return make_response(render_block(template, block, **context), status)
    return make_response(render_template(template, **context), status)


def go_to(url: str) -> BaseResponse:
    """After a change: 303 to the page that shows it, which htmx follows as a browser does."""
    return redirect(url, code=303)
