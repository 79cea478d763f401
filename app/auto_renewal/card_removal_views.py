"""/billing/cards/<name>/remove: what depends on a card, before it is removed."""

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor, require, scope
from app.accounts.installation import Context, terms, today
from app.accounts.rules import Right
from app.auto_renewal.card_removal import dependents, remove_card, was_removed
from app.billing import card_words as words
from app.billing.card_queries import CardRow, card_of
from app.billing.card_views import LIST
from app.billing.cards import NoCard
from app.db import db, transaction
from app.renewals.verdicts import refresh
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("card_removal", __name__)


@blueprint.route("/billing/cards/<name>/remove", methods=["GET", "POST"])
@login_required
def page(name: str) -> Response | BaseResponse:
    """Ask first, with everything that depends on it; then remove it."""
    found = card_of(db.session(), scope(), name, today())
    if found is None:
        if was_removed(db.session(), scope(), name):
            return _removed()
        abort(404)
    card, beside = found
    require(Right.BILL, card.organization_id)
    if request.method == "POST":
        return _remove(card)
    return render(
        "auto_renewal/remove_card.html",
        card=card,
        card_name=words.name(card),
        dependents=dependents(db.session(), card, beside),
    )


def _remove(card: CardRow) -> BaseResponse:
    try:
        with transaction() as session:
            remove_card(session, card, Context(now(), terms(session), actor()))
    except NoCard:
        return _removed()
    refresh(now(), scope())
    return _removed()


def _removed() -> BaseResponse:
    flash(_("The card is removed."), "success")
    return go_to(LIST)
