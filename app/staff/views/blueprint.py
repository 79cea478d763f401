"""The blueprint that all pages of the operator hang on, and who passes its door (threat 19)."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import person
from app.accounts.sign_in import login_manager
from app.web.htmx import go_to

blueprint = Blueprint("staff", __name__, url_prefix="/staff")

CONFIRM = "/staff/confirm"


@blueprint.before_request
def _operators_only() -> BaseResponse | None:
    """Others must not learn that these pages exist; an operator gives a code before the first."""
    if not current_user.is_authenticated:
        return login_manager.unauthorized()  # type: ignore[no-any-return]
    if not person().is_operator:
        abort(404)
    if person().is_confirmed or request.path == CONFIRM:
        return None
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return go_to(url_for("staff.ask_code", next=back))


@blueprint.url_value_preprocessor
def _numbers_that_rows_have(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Databases refuse longer ones, so nothing has such a number."""
    if any(isinstance(one, int) and one >= 2**31 for one in (values or {}).values()):
        abort(404)
