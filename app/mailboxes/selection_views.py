"""Ticking mailboxes: the address that the bar below their list posts to."""

from functools import partial

from flask import Blueprint, Response, abort, url_for
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import scope
from app.db import db
from app.domains import queries as domains
from app.domains.models import Domain
from app.mailboxes import selecting
from app.mailboxes.forms import read_filter, written
from app.selections.lists import TickedList

blueprint = Blueprint("mailbox_selection", __name__)


def tickable(domain: Domain) -> TickedList:
    """The mailboxes of a domain, as a list whose rows can be ticked."""

    return TickedList(
        scope=selecting.scope_of(domain.id),
        path=url_for("mailboxes.of_domain", name=domain.name),
        url=url_for("mailbox_selection.tick", name=domain.name),
        box="mailbox",
        template="mailboxes/bar.html",
        is_ticked=selecting.is_ticked,
        how_many=partial(selecting.how_many, domain.id),
        how_many_match=lambda filters: selecting.how_many_match(domain.id, read_filter(filters)),
        understood=lambda filters: written(read_filter(filters)),
    )


@blueprint.post("/domains/<name>/mailboxes/selection")
@login_required
def tick(name: str) -> Response | BaseResponse:
    """Keep what was ticked, tick all that match, untick all, or go on with what is ticked."""
    domain = domains.find(db.session(), scope(), name.lower()) or abort(404)
    rows = tickable(domain)
    return rows.answer({"go": f"{rows.path}/auto-renewal"}, domain=domain)
