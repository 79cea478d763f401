"""/billing/top-up and /billing/payments/…: paying in, and what became of it."""

import re
from datetime import timedelta

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import (
    Membership,
    actor,
    membership_in,
    require,
    scope,
    shown_for,
)
from app.accounts.installation import Context, terms, today
from app.accounts.rules import Right
from app.billing import payment_flows, payments, words
from app.billing import payment_queries as queries
from app.billing.means import ANOTHER_CARD, means_of, split
from app.billing.payment_queries import PaymentFacts
from app.billing.ports import above
from app.billing.queries import balance
from app.billing.rules import MAX_TOP_UP, Decline, PaymentState
from app.billing.top_up_flows import Begun, NoSuchCard, TopUp, already, cancel, top_up
from app.billing.top_up_forms import TopUpForm
from app.db import db, transaction
from app.lib.ids import public_id
from app.web.htmx import go_to, render
from app.web.i18n import money
from app.web.state import now, settings

blueprint = Blueprint("top_up", __name__)

# What was paid so lately is told on a fresh form.
LATELY = timedelta(minutes=15)
_MAY_HAVE_TAKEN = (PaymentState.CREATED, PaymentState.UNKNOWN, PaymentState.CAPTURED)
_NAME = re.compile(r"[a-z0-9]{8,40}")


@blueprint.route("/billing/top-up", methods=["GET", "POST"])
@login_required
def pay_in() -> Response | BaseResponse:
    """How much, and by what; then charged, or on to the gateway's page, or what to transfer."""
    if (sent := _sent()) is not None:
        return _once(sent)
    refused = _refused(request.args.get("for"))
    organization = _organization(refused)
    form = TopUpForm(data=_prefilled(organization, refused))
    form.offer(means_of(organization.organization_id, today()))
    if not form.is_submitted():
        return _form_page(organization, form, refused)
    if not form.validate():
        return _form_page(organization, form, refused, status=422)
    try:
        begun = top_up(_wish(organization, form), _context())
    except NoSuchCard:
        form.means.errors = [_("This card can no longer be used. Choose another way to pay.")]
        return _form_page(organization, form, refused, status=422)
    if begun is None:
        abort(400)
    return _once(begun) if begun.repeated else _on(begun)


@blueprint.get("/billing/payments/<name>")
@login_required
def payment(name: str) -> Response:
    """One payment: what became of it, and what to do."""
    facts = _payment(name)
    return render(
        "billing/payment.html",
        payment=facts,
        again=words.top_up_path(facts.amount, facts.currency),
        gone=queries.what_went_back(db.session(), facts.id),
        renewals=above().paid_for(db.session(), facts.id),
        payment_state=words.state,
        payment_tone=words.tone,
        advice=words.after_decline(facts.decline),
        retry=_retry(facts),
        reference=words.grouped(facts.reference or ""),
        bank_details=settings().bank_details,
    )


@blueprint.get("/billing/payments/<name>/go")
@login_required
def go(name: str) -> Response | BaseResponse:
    """On to the gateway's page: by a page of ours, since a form may not lead to another site."""
    facts = _payment(name)
    if facts.state is not PaymentState.WAITING or not facts.hosted_url:
        return go_to(f"/billing/payments/{name}")
    return render("billing/leaving.html", payment=facts)


@blueprint.get("/billing/payments/<name>/return")
@login_required
def come_back(name: str) -> BaseResponse:
    """Where the gateway sends its customer back: ask it what happened, then tell."""
    facts = _payment(name)
    if facts.state in payments.OPEN and facts.reference is None:
        payment_flows.look_up(facts.id, _context())
    return go_to(f"/billing/payments/{name}")


@blueprint.post("/billing/payments/<name>/cancel")
@login_required
def give_up(name: str) -> BaseResponse:
    """No longer wait for a bank transfer."""
    facts = _payment(name)
    with transaction() as session:
        done = cancel(session, facts.id, _context())
    if done:
        flash(_("The bank transfer is cancelled."), "success")
    return go_to(f"/billing/payments/{name}")


def _sent() -> Begun | None:
    """The payment of the form that the way back leads to, whose name its script left there.

    None where it took no money: then the form is there again.
    """
    name = request.args.get("sent", "")
    if request.method == "POST" or not _NAME.fullmatch(name):
        return None
    begun = already(scope(), name)
    taken = begun is not None and _payment(begun.payment).state in _MAY_HAVE_TAKEN
    return begun if taken else None


def _once(begun: Begun) -> BaseResponse:
    """Say that a form was sent before, and show what it became; whoever wants, pays again there."""
    facts = _payment(begun.payment)
    if facts.state is PaymentState.CAPTURED:
        amount = money(facts.amount, facts.currency)
        flash(
            _("This was already paid: %(amount)s. Nothing was asked twice.", amount=amount), "info"
        )
    else:
        flash(_("This was sent already: here is the payment. Nothing was asked twice."), "info")
    return _on(begun)


def _on(begun: Begun) -> BaseResponse:
    return go_to(f"/billing/payments/{begun.payment}{'/go' if begun.leave else ''}")


def _context() -> Context:
    return Context(now(), terms(), actor())


def _payment(name: str) -> PaymentFacts:
    found = queries.payment_of(db.session(), scope(), name) or abort(404)
    require(Right.BILL, found.organization_id)
    return found


def _organization(refused: PaymentFacts | None) -> Membership:
    """Whose wallet it is: the one the form was shown for, whatever the header says meanwhile."""
    wanted = request.form.get("organization")
    if refused is None or wanted:
        found = shown_for(wanted)
    else:
        found = membership_in(refused.organization_id)
    require(Right.BILL, found.organization_id)
    return found


def _refused(name: str | None) -> PaymentFacts | None:
    """The charge that the bank wanted confirmed, where the address comes from its mail (R14)."""
    found = queries.payment_of(db.session(), scope(), name) if name else None
    waits = found is not None and found.decline is Decline.AUTHENTICATION
    return found if waits else None


def _retry(facts: PaymentFacts) -> dict[str, str]:
    """What the address of another try carries."""
    if facts.decline is Decline.AUTHENTICATION:
        return {"for": facts.public_id}
    return {"amount": words.as_typed(facts.amount, facts.currency)}


def _prefilled(organization: Membership, refused: PaymentFacts | None) -> dict[str, str]:
    amount = request.args.get("amount", "")[:40]
    if refused and not amount:
        amount = words.as_typed(refused.amount, refused.currency)
    return {
        "organization": organization.public_id,
        "amount": amount,
        # The bank wants its customer: no saved card could be charged without them.
        "means": ANOTHER_CARD if refused else "",
        "nonce": public_id(),
    }


def _wish(organization: Membership, form: TopUpForm) -> TopUp:
    gateway, card = split(form.means.data)
    return TopUp(organization.organization_id, form.amount.minor, form.nonce.data, gateway, card)


def _form_page(
    organization: Membership, form: TopUpForm, refused: PaymentFacts | None, status: int = 200
) -> Response:
    session = db.session()
    return render(
        "billing/top_up.html",
        status=status,
        form=form,
        organization_name=organization.name,
        balance=balance(session, organization.organization_id, terms().currency),
        refused=refused,
        paid_since=queries.paid_since(session, refused) if refused else 0,
        lately=None if refused else _lately(organization),
        most=MAX_TOP_UP,
    )


def _lately(organization: Membership) -> PaymentFacts | None:
    return queries.paid_lately(db.session(), organization.organization_id, now() - LATELY)
