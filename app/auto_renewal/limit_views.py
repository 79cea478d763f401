"""The price above which one mailbox or domain does not renew by itself (R16)."""

from urllib.parse import urlencode

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import (
    actor,
    billable,
    may,
    organizations_with,
    require,
    scope,
)
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.auto_renewal import queries, words
from app.auto_renewal.forms import LimitForm
from app.auto_renewal.queries import Renewable
from app.auto_renewal.service import Caller, Refused, limit_price, may_limit
from app.billing.words import as_typed
from app.db import db, transaction
from app.renewals.verdicts import refresh
from app.web.htmx import go_to, render
from app.web.paths import local_path
from app.web.state import now

blueprint = Blueprint("price_limit", __name__)


@blueprint.route("/mailboxes/<path:address>/auto-renewal/limit", methods=["GET", "POST"])
@login_required
def of_mailbox(address: str) -> Response | BaseResponse:
    """The limit of one mailbox."""
    return _answer(queries.of_mailbox(db.session(), scope(), address.lower()))


@blueprint.route("/domains/<name>/auto-renewal/limit", methods=["GET", "POST"])
@login_required
def of_domain(name: str) -> Response | BaseResponse:
    """The limit of one domain that is renewed here."""
    return _answer(queries.of_domain(db.session(), scope(), name.lower()))


def _answer(found: Renewable | None) -> Response | BaseResponse:
    service = found or abort(404)
    form = LimitForm(data=_present(service))
    if request.method != "POST":
        return _show(service, form)
    require(Right.MANAGE_RENEWALS, service.organization_id)
    if not form.validate():
        return _show(service, form, status=422)
    try:
        with transaction() as session:
            changed = limit_price(
                session, service.subscription_id, form.limit.minor, caller=_caller()
            )
    except Refused:
        abort(403)
    refresh(now(), scope())
    _tell(service, form.limit.minor, changed=changed)
    return go_to(_back(form))


def _present(service: Renewable) -> dict[str, str]:
    cap = service.price_cap
    text = "" if cap is None else as_typed(cap, terms().currency)
    return {"limit": text, "next": request.args.get("next", "")}


def _caller() -> Caller:
    managed = {one.organization_id for one in organizations_with(Right.MANAGE_RENEWALS)}
    return Caller(actor(), billable(), managed, today(), now())


def _show(service: Renewable, form: LimitForm, *, status: int = 200) -> Response:
    months = service.choice.months
    price = queries.price_to_pay(db.session(), service, months)
    managed = may(Right.MANAGE_RENEWALS, service.organization_id)
    return render(
        "auto_renewal/limit.html",
        status=status,
        service=service,
        form=form,
        price=price,
        later=queries.later_price(db.session(), service, months, price or 0),
        length=words.length(months),
        managed=managed,
        may_change=managed and may_limit(service.choice, billable()),
        back=_back(form),
    )


def _back(form: LimitForm) -> str:
    """The auto-renewal page, which leads on to the list."""
    page = request.path.removesuffix("/limit")
    wanted = local_path(form.next.data)
    return f"{page}?{urlencode({'next': wanted})}" if wanted else page


def _tell(service: Renewable, cap: int | None, *, changed: bool) -> None:
    price = queries.price_to_pay(db.session(), service, service.choice.months)
    if not changed:
        flash(_("Nothing to change: the limit was set like this already."), "info")
    elif cap is None:
        flash(_("%(name)s has no price limit any more.", name=service.name), "success")
    elif price is not None and price > cap:
        flash(words.above_limit(service.name, price, cap), "warning")
    else:
        flash(words.limited(service.name, cap), "success")
