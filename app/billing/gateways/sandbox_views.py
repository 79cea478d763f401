"""/sandbox/gateway/<ref>: the bank's page that customers of the sandbox are sent to and come from.

It belongs to the made-up bank: whoever has its address may use it, without signing in.
"""

from flask import Blueprint, Response, abort, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.installation import today
from app.billing.gateways import sandbox_pages as pages
from app.billing.gateways.sandbox_forms import MadeUpCardForm
from app.billing.gateways.sandbox_models import PageState, SandboxPage
from app.db import transaction
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("sandbox_gateway", __name__)

_ENDS = {"refuse": PageState.REFUSED, "cancel": PageState.LEFT}


@blueprint.route("/sandbox/gateway/<ref>", methods=["GET", "POST"])
def page(ref: str) -> Response | BaseResponse:
    """Make a card up and save it, or pay with it; confirm, refuse or leave."""
    form = MadeUpCardForm()
    form.offer_years(today())
    with transaction() as session:
        found = pages.find(session, ref, now()) or abort(404)
        if not form.is_submitted():
            return _shown(found, form)
        return _acted(session, found, form)


def _acted(session: Session, found: SandboxPage, form: MadeUpCardForm) -> BaseResponse:
    do = request.form.get("do", "")
    if do in _ENDS:
        pages.end(session, found, _ENDS[do], now())
    elif do == "confirm":
        pages.confirm(session, found, now())
    elif found.state is PageState.OPEN:
        if not form.validate():
            return _card_page(found, form, status=422)
        step = pages.choose(session, found, form.choice(), now())
        if step is pages.Step.LOST:
            return render("sandbox_gateway/lost.html", page=found)
        if step in (pages.Step.DECLINED, pages.Step.UNREACHABLE):
            return _card_page(found, form, problem=_problem(step), status=422)
    return _shown(found, form)


def _problem(step: pages.Step) -> str:
    if step is pages.Step.DECLINED:
        return str(_("The bank declined this card. Nothing was taken. Choose another one."))
    return str(_("The bank does not answer. Nothing was taken. Try again, or choose another card."))


def _shown(found: SandboxPage, form: MadeUpCardForm) -> Response | BaseResponse:
    if found.state is PageState.OPEN:
        return _card_page(found, form)
    if found.state is PageState.CONFIRMING:
        return render("sandbox_gateway/confirm.html", page=found)
    return go_to(pages.way_back(found))


def _card_page(
    found: SandboxPage, form: MadeUpCardForm, *, problem: str | None = None, status: int = 200
) -> Response:
    return render(
        "sandbox_gateway/card.html", page=found, form=form, problem=problem, status=status
    )
