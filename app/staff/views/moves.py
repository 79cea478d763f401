"""/staff/moves: what is planned for hosting accounts, announced, called off, tried again."""

from flask import Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import pgettext
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor
from app.accounts.installation import today
from app.accounts.suspensions import OrganizationSuspended
from app.db import db, transaction
from app.lib.ids import public_id
from app.moves import queries, service
from app.moves.queries import MoveFound
from app.moves.rules import OPEN, MoveState, may_be_due, may_become
from app.moves.words import move_state
from app.staff.forms import AnnounceForm, TriesForm
from app.staff.views.blueprint import blueprint
from app.web.htmx import go_to, render
from app.web.listing import Links
from app.web.listing import show as show_list
from app.web.state import now

# In the order in which a move gets into them.
SHOWN = tuple(state for state in MoveState if state in OPEN)


@blueprint.get("/moves")
def moves() -> Response:
    """All open moves, by their dates."""
    state = next((one for one in SHOWN if one == request.args.get("state")), None)
    wish = queries.OPEN_MOVES.wish(request.args)
    page = queries.open_moves_for_staff(db.session(), state, wish)
    links = Links("/staff/moves", queries.OPEN_MOVES, wish, page, {"state": state} if state else {})
    states = [("", pgettext("states", "All")), *((one.value, move_state(one)[0]) for one in SHOWN)]
    return show_list(
        "staff/moves.html", links, moves=page.rows, states=states, move_state=move_state
    )


@blueprint.get("/moves/new")
def new_move() -> Response:
    """The form of a move to announce."""
    account = request.args.get("account", "")
    return _form(AnnounceForm(formdata=None, data={"name": public_id(), "account": account}))


@blueprint.post("/moves/new")
def announce_move() -> Response | BaseResponse:
    """Announce it: those concerned get a mail, and may have it applied before its date."""
    form = AnnounceForm()
    if not form.validate():
        return _form(form, status=422)
    account_id = queries.account_for_staff(db.session(), form.account.data)
    if account_id is None:
        form.account.errors = [_("There is no hosting account of that name.")]
    if not may_be_due(form.due_on.data, today()):
        form.due_on.errors = [_("Choose a day from tomorrow on, within the next years.")]
    if account_id is None or form.errors:
        return _form(form, status=422)
    by = actor()
    with transaction() as session:
        service.announce(
            session, account_id, form.announcement(), name=form.name.data, by=by, now=now()
        )
    flash(_("Announced. Those concerned get a mail within a minute."), "success")
    return go_to("/staff/moves")


@blueprint.get("/moves/<name>")
def move(name: str) -> Response:
    """One move: what it is, how it goes, what the server wrote."""
    return _page(_found(name))


@blueprint.post("/moves/<name>/cancel")
def cancel_move(name: str) -> BaseResponse:
    """Call it off, unless it is running or over."""
    found, by = _found(name), actor()
    with transaction() as session:
        is_new = service.cancel(session, found.id, by=by, now=now())
    if is_new:
        flash(_("Called off."), "success")
    return go_to(url_for("staff.move", name=name))


@blueprint.post("/moves/<name>/retry")
def retry_move(name: str) -> Response | BaseResponse:
    """Try a failed one again; a job carries it out."""
    found, form, by = _found(name), TriesForm(), actor()
    if not form.validate():
        abort(404)
    try:
        with transaction() as session:
            is_new = service.ask_for(session, found.id, tries=form.tries.data, by=by, now=now())
    except OrganizationSuspended:
        return _page(_found(name), status=409)
    if is_new:
        flash(_("It is tried again within a minute."), "success")
    return go_to(url_for("staff.move", name=name))


def _found(name: str) -> MoveFound:
    return queries.move_for_staff(db.session(), name) or abort(404)


def _form(form: AnnounceForm, *, status: int = 200) -> Response:
    return render("staff/new_move.html", status=status, form=form)


def _page(found: MoveFound, *, status: int = 200) -> Response:
    state = found.line.state
    return render(
        "staff/move.html",
        status=status,
        found=found,
        move=found.line,
        move_state=move_state,
        may_cancel=may_become(state, MoveState.CANCELLED),
        may_retry=state is MoveState.FAILED and not found.suspended_since,
    )
