"""The page on which a customer renews a mailbox by hand."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse
from wtforms.fields.choices import SelectChoice

from app.accounts.access import Membership, actor, may, organizations_with, require, scope
from app.accounts.installation import Context, terms, today
from app.accounts.rules import Right
from app.billing.queries import balance
from app.db import db, transaction
from app.lib.ids import public_id
from app.renewals import queries, words
from app.renewals.forms import RenewNowForm
from app.renewals.manual import AlreadyDone, Wish, renew_now
from app.renewals.queries import OwnMailbox
from app.renewals.rules import Outcome
from app.renewals.verdicts import refresh
from app.subscriptions.queries import prices
from app.subscriptions.rules import MONTHS, Kind, Period
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("renewals", __name__)


@blueprint.route("/mailboxes/<path:address>/renew", methods=["GET", "POST"])
@login_required
def of_mailbox(address: str) -> Response | BaseResponse:
    """Renew one mailbox now, for a month or a year."""
    mailbox = queries.mailbox_of(db.session(), scope(), address.lower()) or abort(404)
    payers = organizations_with(Right.BILL)
    form = _form(mailbox, payers)
    if form.is_submitted():
        require(Right.MANAGE_RENEWALS, mailbox.organization_id)
        if form.validate():
            return _renew(mailbox, form, payers)
    return _show(mailbox, form, payers, status=422 if form.errors else 200)


def _form(mailbox: OwnMailbox, payers: Sequence[Membership]) -> RenewNowForm:
    own = [one.public_id for one in payers if one.organization_id == mailbox.organization_id]
    form = RenewNowForm(
        data={
            "period": Period.MONTHLY.value,
            "billed_organization": own[0] if own else None,
            "shown": mailbox.expires_on.isoformat(),
            "nonce": public_id(),
        }
    )
    form.billed_organization.choices = [SelectChoice(one.public_id, one.name) for one in payers]
    return form


def _show(
    mailbox: OwnMailbox, form: RenewNowForm, payers: Sequence[Membership], status: int
) -> Response:
    catalogue, currency = prices(db.session()), terms().currency
    offers = [
        (period, catalogue.of(Kind.MAILBOX, "", MONTHS[period]), ends)
        for period, ends in queries.ends_after_renewal(
            db.session(), mailbox.subscription_id, today()
        ).items()
    ]
    wallets = [(one.name, balance(db.session(), one.organization_id, currency)) for one in payers]
    return render(
        "renewals/renew_now.html",
        status=status,
        mailbox=mailbox,
        form=form,
        offers=offers,
        wallets=wallets,
        may_renew=bool(payers) and may(Right.MANAGE_RENEWALS, mailbox.organization_id),
    )


def _renew(
    mailbox: OwnMailbox, form: RenewNowForm, payers: Sequence[Membership]
) -> Response | BaseResponse:
    try:
        shown = date.fromisoformat(form.shown.data)
    except ValueError:
        abort(400)
    payer = next(one for one in payers if one.public_id == form.billed_organization.data)
    wish = Wish(
        mailbox.subscription_id,
        shown,
        MONTHS[Period(form.period.data)],
        payer.organization_id,
        form.nonce.data,
    )
    try:
        with transaction() as session:
            outcome = renew_now(session, wish, Context(now(), terms(session), actor()))
        refresh(now(), scope())
    except AlreadyDone:
        flash(_("%(name)s was renewed already: it is charged once.", name=mailbox.name), "info")
        return go_to(f"/mailboxes/{quote(mailbox.name)}")
    if outcome is Outcome.RENEWED:
        flash(_("%(name)s is renewed.", name=mailbox.name), "success")
        return go_to(f"/mailboxes/{quote(mailbox.name)}")
    flash(words.refusal(outcome, payer.name), "error")
    return _show(mailbox, form, payers, status=422)
