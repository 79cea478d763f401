"""/domains/renew: the ticked domains renewed before their date, by one proforma a contact."""

from collections.abc import Sequence

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor, chosen, require
from app.accounts.installation import Context, terms
from app.accounts.rules import Right
from app.db import transaction
from app.invoices.issuer import issuer
from app.invoices.proformas import Ordered
from app.invoices.rates import NoRate
from app.renewals import early
from app.renewals.early import NothingToOrder
from app.renewals.early_page import MOST, EarlyPage
from app.web.htmx import go_to
from app.web.state import now

blueprint = Blueprint("early", __name__)


@blueprint.route("/domains/renew", methods=["GET", "POST"])
@login_required
def of_domains() -> Response | BaseResponse:
    """Renew the ticked domains of the chosen organization before their date."""
    organization = chosen() or abort(404)
    require(Right.MANAGE_RENEWALS, organization.organization_id)
    page = EarlyPage(organization)
    if request.method != "POST" or "preview" in request.form:
        return page.show()
    if not page.form.validate():
        return page.show(status=422)
    if page.form.version.data != page.seen:
        page.form.version.data = page.seen
        return page.show(status=409, changed=True)
    return _order(page)


def _order(page: EarlyPage) -> Response | BaseResponse:
    if len(page.rows) > MOST:
        return page.show(status=422)
    context = Context(now(), terms(), actor())
    offers = page.offers
    try:
        with transaction() as session:
            numbers = early.order(session, offers, page.years, issuer=issuer(), context=context)
    except NothingToOrder:
        flash(_("None of these domains can be renewed here, or not for so many years."), "error")
        return page.show(status=422)
    except NoRate:
        flash(_("This cannot be ordered for your country here. Please contact us."), "error")
        return page.show(status=422)
    except Ordered as known:
        flash(
            _("Some of it is on an open pro forma already: %(numbers)s. Pay or cancel that first.",
              numbers=", ".join(known.numbers)),
            "info",
        )  # fmt: skip
        return go_to(_first(known.numbers))
    flash(
        ngettext(
            "The pro forma %(numbers)s is ready. The domains are renewed once it is paid.",
            "The pro formas %(numbers)s are ready. The domains are renewed once they are paid.",
            len(numbers),
            numbers=", ".join(numbers),
        ),
        "success",
    )
    return go_to(_first(numbers))


def _first(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return url_for("invoices.show_proforma", number=numbers[0])
    return url_for("invoices.proforma_index")
