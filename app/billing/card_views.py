"""/billing/cards: the cards of the chosen organization, in the order in which they are charged."""

from typing import Any

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor, require, scope, shown_for
from app.accounts.installation import Context, terms, today
from app.accounts.rules import Right
from app.billing import card_flows, cards
from app.billing import card_queries as queries
from app.billing import card_words as words
from app.billing.card_flows import Progress
from app.billing.card_forms import CardForm, NewCardForm
from app.billing.card_queries import CardRow
from app.db import db, transaction
from app.lib.ids import public_id
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("cards", __name__)

LIST = "/billing/cards"


@blueprint.get("/billing/cards")
@login_required
def index() -> Response:
    """All cards, with what is wrong with them."""
    organization = shown_for(None)
    require(Right.BILL, organization.organization_id)
    return render(
        "billing/cards.html",
        cards=queries.cards_of(db.session(), organization.organization_id, today()),
        can_add=card_flows.card_gateway() is not None,
        words=words,
    )


@blueprint.route("/billing/cards/new", methods=["GET", "POST"])
@login_required
def new() -> Response | BaseResponse:
    """What a saved card is for; then on to the gateway's page, where its number is entered."""
    form = NewCardForm()
    organization = shown_for(form.organization.data)
    require(Right.BILL, organization.organization_id)
    gateway = card_flows.card_gateway()
    if not form.is_submitted():
        form.organization.data, form.nonce.data = organization.public_id, public_id()
        form.auto_debit.data = True
    if gateway is None or not form.is_submitted() or not form.validate():
        status = 422 if form.errors else 200
        return render("billing/new_card.html", form=form, can_add=gateway is not None,
                      organization_name=organization.name, status=status)  # fmt: skip
    wish = cards.Wish(
        organization.organization_id, form.nonce.data, gateway, form.auto_debit.data
    )  # fmt: skip
    progress = card_flows.begin(wish, _context()) or abort(400)
    if progress is Progress.GIVEN_UP:
        flash(_("No card can be saved just now. The host has been told; try again later."), "error")
        return go_to(LIST)
    return go_to(f"{LIST}/return/{wish.nonce}{'/go' if progress is Progress.AT_GATEWAY else ''}")


@blueprint.get("/billing/cards/return/<name>/go")
@login_required
def go(name: str) -> Response | BaseResponse:
    """On to the gateway's page: by a page of ours, since a form may not lead to another site."""
    setup = _setup(name)
    if setup.hosted_url is None:
        return go_to(f"{LIST}/return/{name}")
    return render("billing/leaving_for_card.html", url=setup.hosted_url)


@blueprint.get("/billing/cards/return/<name>")
@login_required
def come_back(name: str) -> Response | BaseResponse:
    """Where the gateway sends its customer back: ask it what happened, then tell."""
    setup = _setup(name)
    progress = card_flows.look_up(setup.id, _context())
    if progress is Progress.SAVED:
        flash(_("The card is saved."), "success")
        return go_to(LIST)
    if progress is Progress.GIVEN_UP:
        flash(_("No card was saved."), "info")
        return go_to(LIST)
    waits = progress is Progress.AT_GATEWAY
    return render("billing/card_on_its_way.html", setup=setup, name=name, waits=waits)


@blueprint.route("/billing/cards/<name>", methods=["GET", "POST"])
@login_required
def card(name: str) -> Response | BaseResponse:
    """One card: what it is called, and whether it is charged by itself."""
    found = _card(name)
    form = CardForm(data={"label": found.label or "", "auto_debit": found.auto_debit})
    if not form.is_submitted() or not form.validate():
        status = 422 if form.errors else 200
        return render("billing/card.html", card=found, form=form, words=words, status=status)
    if _done(cards.change, found, label=form.label.data or None, auto_debit=form.auto_debit.data):
        flash(_("The card is changed."), "success")
    return go_to(LIST)


@blueprint.post("/billing/cards/<name>/place")
@login_required
def place(name: str) -> BaseResponse:
    """Another place in the order; 0 makes it the default. Sent twice, it stands where it stood."""
    found = _card(name)
    wanted = request.form.get("place", type=int)
    if wanted is None or not 0 <= wanted < 1000:
        abort(400)
    if _done(cards.move, found, place=wanted) and wanted == 0:
        flash(_("%(card)s is charged first from now on.", card=found.told), "success")
    return go_to(LIST)


def _done(change: Any, found: CardRow, **wanted: object) -> bool:
    """Run a use case of one card; whether the card was still there."""
    context = _context()
    try:
        with transaction() as session:
            change(session, found.organization_id, found.public_id, context=context, **wanted)
    except cards.NoCard:
        flash(_("This card was removed meanwhile."), "info")
        return False
    return True


def _context() -> Context:
    return Context(now(), terms(), actor())


def _card(name: str) -> CardRow:
    found = queries.card_of(db.session(), scope(), name, today()) or abort(404)
    require(Right.BILL, found[0].organization_id)
    return found[0]


def _setup(name: str) -> queries.SetupRow:
    found = queries.setup_of(db.session(), scope(), name) or abort(404)
    require(Right.BILL, found.organization_id)
    return found
