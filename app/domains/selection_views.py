"""Ticking domains: what their list needs for it, and the address that its bar posts to."""

from functools import partial

from flask import Blueprint, Response, abort, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import chosen, person, require
from app.accounts.rules import Right
from app.billing.cards import has_validated
from app.db import transaction
from app.domains import selecting
from app.domains.forms import read_filter, written
from app.selections.lists import TickedList
from app.selections.service import tick_matching
from app.web.htmx import go_to
from app.web.state import now

blueprint = Blueprint("domain_selection", __name__)

# What the buttons of the bar and of the menu say, and where they lead: with what is ticked, or
# with every domain of the organization.
GOALS = {"recurring": "/domains/recurring", "renew": "/domains/renew"}
ALL = {"recurring-all": "/domains/recurring", "renew-all": "/domains/renew"}


def tickable(organization_id: int) -> TickedList:
    """The domains of an organization, as a list whose rows can be ticked."""
    return TickedList(
        scope=selecting.scope_of(organization_id),
        path=url_for("domains.index"),
        url=url_for("domain_selection.tick"),
        box="domain",
        template="domains/bar.html",
        is_ticked=selecting.is_ticked,
        how_many=partial(selecting.how_many, organization_id),
        how_many_match=lambda filters: selecting.how_many_match(
            organization_id, read_filter(filters)
        ),
        understood=lambda filters: written(read_filter(filters)),
        more=(has_validated(organization_id).label("has_card"),),
    )


@blueprint.post("/domains/selection")
@login_required
def tick() -> Response | BaseResponse:
    """Keep what was ticked, tick or untick all, or go on with what is ticked."""
    organization = chosen() or abort(404)
    organization_id = organization.organization_id
    require(Right.MANAGE_RENEWALS, organization_id)
    rows = tickable(organization_id)
    if goal := ALL.get(request.form.get("do", "")):
        with transaction() as session:
            tick_matching(session, person().sign_in_id, rows.scope, {}, now=now())
        return go_to(goal)
    return rows.answer(GOALS)
