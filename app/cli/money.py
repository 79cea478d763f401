"""`flask money`: what the host does by hand with customers' money.

Prepaid money belongs to one organization: no command moves it to another. Each command sent twice
on a day acts once; `--key` books the same again.
"""

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _
from sqlalchemy import select

from app.accounts.installation import Context, terms
from app.accounts.models import Organization
from app.billing import corrections, payments, refund_flows
from app.billing import payment_queries as queries
from app.billing.corrections import Booking
from app.billing.payment_queries import PaymentFacts
from app.billing.ports import Money, Paid
from app.billing.queries import balance
from app.billing.refunds import CannotRefund
from app.billing.rules import PaymentState, RefundState
from app.billing.words import bad_amount, grouped, state
from app.db import reading, transaction
from app.invoices import giving_back
from app.invoices.service import NothingToCredit
from app.journal.service import HOST
from app.lib.amounts import BadAmount, typed
from app.lib.ids import digest
from app.lib.money import LIMIT
from app.web.i18n import money as written
from app.web.state import now

_REASON = click.option("--reason", required=True, help="Why; the customer reads it.")
_KEY = click.option("--key", help="Name of this booking, to book the same again on one day.")
# Lines of a statement have no more room.
_LONGEST = 120
# So that -12.50 is an amount and no option.
_NEGATIVE = {"ignore_unknown_options": True}


@click.group("money")
def money() -> None:
    """Bank transfers, corrections and refunds of customers' wallets."""


@money.command("book")
@click.argument("reference")
@click.option("--amount", help="What came; an error where it is not what was expected.")
@with_appcontext
def book(reference: str, amount: str | None) -> None:
    """Book the bank transfer that quoted REFERENCE: its money is in the wallet then."""
    payment = _transfer(reference)
    if payment.state is PaymentState.CAPTURED:
        click.echo(_("%(reference)s was booked before; nothing is booked twice.",
                     reference=_reference(payment)))  # fmt: skip
        return
    if amount is not None and _amount(amount) != payment.amount:
        raise click.ClickException(
            _(
                "%(reference)s waits for %(expected)s, not %(came)s. Book what came with: "
                "flask money credit %(organization)s %(amount)s --reason …",
                reference=_reference(payment), expected=written(payment.amount),
                came=written(_amount(amount)), organization=_organization_of(payment),
                amount=amount,
            )
        )  # fmt: skip
    paid = Paid(payment.reference or "", Money(payment.amount, payment.currency))
    with transaction() as session:
        payments.capture(session, payment.id, paid, _context())
    _tell_balance(payment.organization_id, payment.amount)


@money.command("credit")
@click.argument("organization")
@click.argument("amount")
@_REASON
@_KEY
@with_appcontext
def credit(organization: str, amount: str, reason: str, key: str | None) -> None:
    """Book a transfer of AMOUNT that quoted no reference, for ORGANIZATION (its id)."""
    booking = _booking(organization, _amount(amount), reason, key)
    with transaction() as session:
        new = corrections.credit_transfer(session, booking, _context())
    _tell_booking(booking, new=new)


@money.command("correct", context_settings=_NEGATIVE)
@click.argument("organization")
@click.argument("amount")
@_REASON
@_KEY
@with_appcontext
def correct(organization: str, amount: str, reason: str, key: str | None) -> None:
    """Add AMOUNT to the wallet of ORGANIZATION, or take it (-12.50), below zero too."""
    booking = _booking(organization, _signed(amount), reason, key)
    with transaction() as session:
        new = corrections.correct(session, booking, _context())
    _tell_booking(booking, new=new)


@money.command("refund")
@click.argument("payment")
@click.argument("amount")
@_REASON
@_KEY
@with_appcontext
def refund(payment: str, amount: str, reason: str, key: str | None) -> None:
    """Give AMOUNT of PAYMENT (its number) back to the card it came from."""
    facts, minor = _payment(payment), _amount(amount)
    if facts.reference is not None:
        raise click.ClickException(
            _("This was a bank transfer: transfer it back, then book that with: flask money "
              "correct %(organization)s -%(amount)s --reason …",
              organization=_organization_of(facts), amount=amount)
        )  # fmt: skip
    name = f"refund:{_once(facts.public_id, minor, reason, key)}"
    try:
        ended = refund_flows.refund(
            facts.id, minor, _context(), idem_key=name, reason=_short(reason)
        )
    except CannotRefund:
        raise click.ClickException(_why_not(facts, minor)) from None
    _tell_refund(ended, minor)


@money.command("give-back")
@click.argument("number")
@_REASON
@with_appcontext
def give_back(number: str, reason: str) -> None:
    """Make a credit note for the invoice NUMBER; its money is in the wallet again."""
    context = _context()
    try:
        with transaction() as session:
            note = giving_back.give_back(
                session, number, reason=reason, by=HOST, today=context.today, now=context.now
            )
    except giving_back.NoInvoice:
        raise click.ClickException(_("There is no invoice %(number)s.", number=number)) from None
    except NothingToCredit:
        raise click.ClickException(
            _("All of %(number)s was given back before.", number=number)
        ) from None
    click.echo(_("The credit note %(note)s gives back %(number)s.", note=note, number=number))


@money.command("list")
@click.option("--organization", help="Only this one's (its id).")
@click.option("--open", "only_open", is_flag=True, help="Only those without an end.")
@with_appcontext
def list_payments(organization: str | None, *, only_open: bool) -> None:
    """The latest payments: number, day, amount, state, by what, whose."""
    with reading() as session:
        owner = _organization(organization).id if organization else None
        found = queries.latest_payments_for_staff(
            session, 50, organization_id=owner, only_open=only_open
        )
    for one in found:
        means = _reference(one) if one.reference else one.card_told or _("card")
        told = state(one.state)
        if one.refunded:
            told += " " + _("(%(amount)s refunded)", amount=written(one.refunded, one.currency))
        click.echo(
            f"{one.public_id}  {one.business_date}  {written(one.amount, one.currency)}  {told}  "
            f"{means}  {one.organization}"
        )
    if not found:
        click.echo(_("No payments."))


def _context() -> Context:
    return Context(now(), terms(), HOST)


def _amount(text: str) -> int:
    """Minor units; a sentence and exit status 1 for anything that is not more than zero."""
    currency = terms().currency
    try:
        return typed(text, currency)
    except BadAmount as refused:
        raise click.ClickException(bad_amount(refused.slip, currency, LIMIT)) from None


def _signed(text: str) -> int:
    bare = text.strip()
    sign = -1 if bare[:1] in ("-", "−") else 1
    return sign * _amount(bare[1:] if sign < 0 else bare)


def _short(reason: str) -> str:
    tidy = " ".join(reason.split())
    if not tidy or len(tidy) > _LONGEST:
        raise click.ClickException(
            _("Give a reason of at most %(number)s characters.", number=_LONGEST)
        )
    return tidy


def _organization(public_id: str) -> Organization:
    with reading() as session:
        found = session.scalars(
            select(Organization).where(Organization.public_id == public_id)
        ).one_or_none()
        if found is None:
            raise click.ClickException(
                _("There is no organization %(name)s. Its id is needed, as in flask export.",
                  name=public_id)
            )  # fmt: skip
        session.expunge(found)
        return found


def _organization_of(payment: PaymentFacts) -> str:
    with reading() as session:
        return session.get_one(Organization, payment.organization_id).public_id


def _payment(name: str) -> PaymentFacts:
    with reading() as session:
        found = queries.payment_for_staff(session, name)
    if found is None:
        raise click.ClickException(
            _("There is no payment %(name)s. See: flask money list", name=name)
        )
    return found


def _transfer(reference: str) -> PaymentFacts:
    with reading() as session:
        found = queries.payment_for_staff(session, reference)
    if found is None or found.reference is None:
        raise click.ClickException(
            _("No transfer with the reference %(reference)s is waited for. If it came for a "
              "customer all the same: flask money credit ORGANIZATION AMOUNT --reason …",
              reference=reference)
        )  # fmt: skip
    return found


def _reference(payment: PaymentFacts) -> str:
    return grouped(payment.reference or "")


def _once(subject: str, amount: int, reason: str, given: str | None) -> str:
    """The same command on one day is one booking, unless it is given another name."""
    if given:
        return digest(f"{subject}:{given}")[:40]
    return digest(f"{subject}:{amount}:{_short(reason)}:{_context().today}")[:40]


def _booking(organization: str, amount: int, reason: str, key: str | None) -> Booking:
    owner = _organization(organization)
    return Booking(owner.id, amount, _short(reason), _once(organization, amount, reason, key))


def _tell_booking(booking: Booking, *, new: bool) -> None:
    if not new:
        click.echo(_("This was booked before; nothing is booked twice. --key books it again."))
        return
    _tell_balance(booking.organization_id, booking.amount)


def _tell_balance(organization_id: int, amount: int) -> None:
    with reading() as session:
        after = balance(session, organization_id, terms().currency)
    click.echo(_("%(amount)s booked. The balance is %(balance)s now.",
                 amount=written(amount), balance=written(after.posted)))  # fmt: skip


def _why_not(payment: PaymentFacts, amount: int) -> str:
    if payment.state is not PaymentState.CAPTURED:
        text = _(
            "Nothing was taken by this payment: it is “%(state)s”.", state=state(payment.state)
        )
        return str(text)
    left = payment.amount - payment.refunded
    if amount > left:
        return str(
            _(
                "%(left)s of this payment can be refunded, not %(amount)s.",
                left=written(left), amount=written(amount),
            )
        )  # fmt: skip
    return str(
        _(
            "The wallet no longer has %(amount)s: it was spent, or is set aside.",
            amount=written(amount),
        )
    )


def _tell_refund(ended: RefundState, amount: int) -> None:
    if ended is RefundState.DONE:
        click.echo(_("%(amount)s is on its way back to the card.", amount=written(amount)))
    elif ended is RefundState.FAILED:
        raise click.ClickException(_("The gateway refused the refund; nothing was moved."))
    else:
        click.echo(_("The gateway did not answer: it is asked again, and the money stays set "
                     "aside until it is known."))  # fmt: skip
