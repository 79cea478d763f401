"""/domains/<name>/leave, /mailboxes/<address>/leave: ends what renewed without a notice (R17)."""

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor, may, require, scope
from app.accounts.installation import Context, terms, today
from app.accounts.rules import Right
from app.alerts import leaving
from app.alerts.forms import LeaveForm
from app.alerts.tacit import path_of
from app.alerts.tacit_queries import REFUND_WITHIN, Asked, Standing, standing
from app.auto_renewal import queries as services
from app.auto_renewal.queries import Renewable
from app.db import db, transaction
from app.renewals.verdicts import refresh
from app.web.htmx import go_to, render
from app.web.i18n import day, money
from app.web.state import now

blueprint = Blueprint("leaving", __name__)


@blueprint.route("/mailboxes/<path:address>/leave", methods=["GET", "POST"])
@login_required
def of_mailbox(address: str) -> Response | BaseResponse:
    """Leave one mailbox."""
    return _answer(services.of_mailbox(db.session(), scope(), address.lower()))


@blueprint.route("/domains/<name>/leave", methods=["GET", "POST"])
@login_required
def of_domain(name: str) -> Response | BaseResponse:
    """Leave one domain that is renewed here."""
    return _answer(services.of_domain(db.session(), scope(), name.lower()))


def _answer(found: Renewable | None) -> Response | BaseResponse:
    service = found or abort(404)
    if request.method == "POST":
        require(Right.BILL, service.organization_id)
        return _leave(service)
    return _show(service)


def _leave(service: Renewable) -> Response | BaseResponse:
    form, seen = LeaveForm(), _standing(service)
    if seen is None or not form.validate():
        return _show(service, status=422)
    try:
        with transaction() as session:
            context = Context(now(), terms(session), actor())
            asked = leaving.ask(session, seen, int(form.refund.data), context)
    except leaving.NoRight:
        return _show(service, status=422)
    except leaving.OtherAmount:
        return _show(service, status=409, changed=True)
    refresh(now(), scope())
    _tell(service, asked)
    return go_to(path_of(service.kind, service.name))


def _tell(service: Renewable, asked: Asked) -> None:
    flash(
        _(
            "You asked us to end %(subject)s. We give back %(amount)s by %(date)s at the latest.",
            subject=service.name, amount=money(asked.refund), date=day(asked.refund_by),
        ),
        "success",
    )  # fmt: skip


def _standing(service: Renewable) -> Standing | None:
    return standing(db.session(), scope(), service.name, today())


def _show(service: Renewable, *, status: int = 200, changed: bool = False) -> Response:
    found = _standing(service)
    exit_ = found.exit if found else None
    form = LeaveForm(formdata=None, refund=exit_.refund if exit_ else None)
    return render(
        "alerts/leave.html",
        status=status,
        service=service,
        form=form,
        exit=exit_,
        changed=changed,
        may_leave=may(Right.BILL, service.organization_id),
        refund_by=today() + REFUND_WITHIN,
        back=path_of(service.kind, service.name),
    )
