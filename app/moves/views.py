"""Pages of hosting accounts: all of an organization, and one with its moves."""

from flask import Blueprint, Response, abort, flash, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor, chosen, may, require_to_change, scope
from app.accounts.rules import Right
from app.db import db, transaction
from app.moves import queries, service, words
from app.moves.forms import AskForm
from app.moves.queries import AccountLine
from app.moves.rules import UNDER_WAY
from app.service_states.words import on_its_way, state_name
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("moves", __name__)


@blueprint.get("/accounts")
@login_required
def accounts() -> Response:
    """Hosting accounts of the chosen organization."""
    organization = chosen() or abort(404)
    session = db.session()
    found = queries.accounts(session, [organization.organization_id])
    return render(
        "moves/accounts.html",
        accounts=found,
        moves=queries.next_moves(session, [one.id for one in found]),
        state_name=state_name,
        on_its_way=on_its_way,
        move_state=words.move_state,
    )


@blueprint.get("/accounts/<name>")
@login_required
def account(name: str) -> Response:
    """One hosting account: plan, state, domains on it, moves; htmx asks for the moves again."""
    found, session = _found(name), db.session()
    coming, past = queries.moves_of(session, found.id)
    return render(
        "moves/account.html",
        block="moves",
        account=found,
        coming=coming,
        past=past,
        is_busy=any(one.state in UNDER_WAY for one in coming),
        domains=queries.domains_on(session, found.id),
        may_apply=may(Right.MANAGE_SERVICES, found.organization_id),
        state_name=state_name,
        on_its_way=on_its_way,
        move_state=words.move_state,
    )


@blueprint.post("/accounts/<name>")
@login_required
def apply_move(name: str) -> BaseResponse:
    """Have a move applied now, or tried again; a job carries it out."""
    found = _found(name)
    require_to_change(found.organization_id)
    form = AskForm()
    if not form.validate():
        abort(404)
    move_id = queries.find_move(db.session(), found.id, form.move.data) or abort(404)
    by = actor()
    with transaction() as session:
        asked = service.ask_for(session, move_id, tries=form.tries.data, by=by, now=now())
    if asked:
        flash(_("It starts within a minute. You may leave this page."), "success")
    return go_to(url_for("moves.account", name=name))


def _found(name: str) -> AccountLine:
    return queries.account(db.session(), scope(), name) or abort(404)
