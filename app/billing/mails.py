"""Mails about money: the one that asks a customer to confirm a charge with their bank (R14)."""

from collections.abc import Sequence
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.accounts.mails import Letter
from app.accounts.models import Organization
from app.accounts.queries import members_with
from app.accounts.rules import Right
from app.billing.payment_models import Payment
from app.billing.ports import PaidFor, above
from app.outbox.service import queue
from app.web.i18n import day, money, speaking
from app.web.state import settings

# More would hide the link; the page behind it shows all.
MOST = 20


def ask_to_confirm(session: Session, payment: Payment, context: Context) -> None:
    """Ask everybody who may bill to pay what the bank did not allow without them; once each."""
    renewals = above().paid_for(session, payment.id)
    organization = session.get_one(Organization, payment.organization_id)
    for person in members_with(session, payment.organization_id, Right.BILL):
        with speaking(person.language):
            letter = confirm(person.name, organization.name, payment, renewals)
        queue(
            session, key=f"confirm:{payment.id}:{person.user_id}", kind="confirm_payment",
            to=person.email, subject=letter.subject, body=letter.body, by=context.by,
            now=context.now, organization_id=organization.id,
        )  # fmt: skip


def confirm(name: str, organization: str, payment: Payment, renewals: Sequence[PaidFor]) -> Letter:
    """What could not be charged, what it is for, until when, and the one link."""
    amount = money(payment.amount, payment.currency)
    paragraphs = [
        _("Hello %(name)s,", name=name),
        _("We wanted to charge %(amount)s to the card %(card)s of %(organization)s. The bank did "
          "not allow it without your confirmation. Nothing was taken.",
          amount=amount, card=payment.card_told, organization=organization),
        *(_for_renewals(renewals, payment.currency) if renewals else _for_the_wallet()),
        _("Pay here; the bank asks for your confirmation on the way:"),
        f"{settings().public_url}/billing/top-up?for={payment.public_id}",
        settings().host_name,
    ]  # fmt: skip
    subject = _("Please confirm a payment of %(amount)s", amount=amount)
    return Letter(subject, "\n\n".join(paragraphs) + "\n")


def _for_renewals(renewals: Sequence[PaidFor], currency: str) -> list[str]:
    lines = [
        _("– %(name)s, paid until %(date)s: %(price)s", name=one.subject,
          date=day(one.expires_on), price=money(one.price, currency))
        for one in renewals[:MOST]
    ]  # fmt: skip
    if len(renewals) > MOST:
        lines.append(_("– and %(number)s more", number=len(renewals) - MOST))
    last = day(renewals[0].expires_on - timedelta(days=1))
    return [
        _("It is for these renewals:") + "\n" + "\n".join(lines),
        _("Please do it by %(date)s. Without it they are not renewed, unless the money comes in "
          "another way; we do not try this card for them again.", date=last),
    ]  # fmt: skip


def _for_the_wallet() -> list[str]:
    return [_("It is the automatic top-up of the wallet; nothing expires because of it today.")]
