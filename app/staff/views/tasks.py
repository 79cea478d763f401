"""/staff: what only a person of the host can settle, and how the portal itself is doing."""

from flask import Response, flash, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor
from app.db import db, transaction
from app.operator_tasks import service as tasks
from app.operator_tasks.words import ask
from app.staff import queries
from app.staff.service import settle_task
from app.staff.views.blueprint import blueprint
from app.web.htmx import go_to, render
from app.web.state import now


@blueprint.get("")
def index() -> Response:
    """Open tasks, oldest first, and the state of jobs, mails and alerts."""
    session = db.session()
    return render(
        "staff/tasks.html",
        tasks=tasks.open_tasks(session),
        ask=ask,
        place=_place,
        health=queries.health_for_staff(session),
    )


@blueprint.post("/tasks/<int:task_id>/done")
def done(task_id: int) -> BaseResponse:
    """An operator has settled a task; what finds the same again opens another."""
    with transaction() as session:
        settled = settle_task(session, task_id, by=actor(), now=now())
    if settled:
        flash(_("Done."), "success")
    return go_to("/staff")


def _place(kind: str, subject: str) -> str | None:
    """The page on which a task is looked into, where there is one."""
    if kind == "mail_failed":
        return url_for("staff.mails", q=subject)
    return url_for("staff.move", name=subject) if kind.startswith("move_") else None
