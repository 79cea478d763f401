"""/staff/alerts: the days of each type of alert, and what others would do to those open now."""

from dataclasses import astuple

from flask import Response, abort, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor
from app.accounts.installation import Context, terms
from app.alerts import delay_words, queries
from app.alerts.delays import Effect, delays_of, effect_of, set_delays
from app.alerts.ports import AlertType
from app.alerts.rules import Delays
from app.alerts.types import types
from app.db import db, transaction
from app.staff.forms import DelaysForm
from app.staff.views.blueprint import blueprint
from app.web.htmx import go_to, render
from app.web.state import now


@blueprint.get("/alerts")
def delays() -> Response:
    """All types, worst first, with their days and how many alerts stand."""
    session = db.session()
    return render(
        "staff/delays.html",
        kinds=types().values(),
        delays=delays_of(session),
        counts=queries.counts_for_staff(session),
        days=delay_words.days,
    )


@blueprint.get("/alerts/<name>")
def delays_form(name: str) -> Response:
    """The days of one type."""
    kind = _kind(name)
    return _page(kind, DelaysForm.of(kind, delays_of(db.session())[name]))


@blueprint.post("/alerts/<name>")
def change_delays(name: str) -> Response | BaseResponse:
    """Show what other days would do; then, if that is still so, save them."""
    kind = _kind(name)
    if request.form.get("do") == "defaults":
        form = DelaysForm.of(kind, kind.defaults)
        return _preview(kind, form, kind.defaults)
    form = DelaysForm.of(kind)
    if not form.validate():
        return _page(kind, form, status=422)
    wanted, saves = form.delays(), request.form.get("do") == "save"
    try:
        if saves and _save(kind, wanted, form.seen.data):
            flash(_("Saved. It shows from the next tick on."), "success")
            return go_to("/staff/alerts")
        return _preview(kind, form, wanted, is_other=saves)
    except ValueError as refused:
        form.blame(kind, refused)
        return _page(kind, form, status=422)


def _save(kind: AlertType, wanted: Delays, seen: str) -> bool:
    """Set the delays, if what follows from them is what the person has seen."""
    context = _context()
    with transaction() as session:
        # The second of two clicks finds it done.
        if delays_of(session)[kind.name] == wanted:
            return True
        if _told(wanted, effect_of(session, kind.name, wanted, context)) != seen:
            return False
        set_delays(session, kind.name, wanted, context)
        return True


def _preview(
    kind: AlertType, form: DelaysForm, wanted: Delays, *, is_other: bool = False
) -> Response:
    effect = effect_of(db.session(), kind.name, wanted, _context())
    form.seen.data = _told(wanted, effect)
    told = delay_words.told(kind, effect)
    return _page(kind, form, told, is_other=is_other, status=422 if is_other else 200)


def _told(wanted: Delays, effect: Effect) -> str:
    return f"{astuple(wanted)} {astuple(effect)}"


def _context() -> Context:
    return Context(now(), terms(), actor())


def _kind(name: str) -> AlertType:
    return types().get(name) or abort(404)


def _page(
    kind: AlertType, form: DelaysForm, told: list[str] | None = None, *, is_other: bool = False,
    status: int = 200,
) -> Response:  # fmt: skip
    return render(
        "staff/delays_of_type.html", status=status, kind=kind, form=form, told=told,
        is_other=is_other,
    )  # fmt: skip
