"""What happened, as a sentence for the customer: one for each event of the journal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.web.i18n import day, money

Detail = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """An event in words, and its colour: empty, ``green``, ``amber`` or ``red``."""

    sentence: str
    tone: str = ""


def tell(event: str, detail: Detail) -> Told:
    """The event in words; an event without a sentence of its own is named as it is."""
    try:
        return _TOLD[event](detail)
    except (KeyError, TypeError, ValueError):
        # An older or newer version may have written other details, or other events.
        return Told(str(_PLAIN.get(event, event.replace(".", " ").replace("_", " "))))


def _switched_on(detail: Detail) -> Told:
    if detail["months"] % 12:
        return Told(_("Auto-renewal was switched on, monthly"), "green")
    return Told(_("Auto-renewal was switched on, yearly"), "green")


def _changed(detail: Detail) -> Told:
    if detail["months"] % 12:
        return Told(_("Auto-renewal was changed: monthly from the next renewal on"))
    return Told(_("Auto-renewal was changed: yearly from the next renewal on"))


def _attempted(detail: Detail) -> Told:
    sentences = {
        "renewed": Told(_("Renewal tried: it succeeded"), "green"),
        "unfunded": Told(_("Renewal tried: there was not enough money"), "red"),
        "declined": Told(_("Renewal tried: the card was declined"), "red"),
        "authentication_required": Told(
            _("Renewal tried: the bank asks the card’s holder to confirm"), "amber"
        ),
        "unknown": Told(_("Renewal tried: the answer is not known yet"), "amber"),
        "blocked": Told(_blocked(detail.get("reason")), "amber"),
    }
    return sentences[detail["outcome"]]


def _blocked(reason: object) -> str:
    reasons = {
        "domain_gone": _("Not renewed: the domain is no longer registered with us"),
        "domain_ends_first": _("Not renewed: its domain ends first and was not renewed"),
        "transferring": _("Not renewed: the domain is being transferred"),
        "no_price": _("Not renewed: there is no price for it; we have been told"),
        "registry_refused": _("Not renewed: the registry refused; we have been told"),
        "too_dear": _("Not renewed: its price is above the limit set for it"),
        "would_end_in_the_past": _("Not renewed: it expired too long ago"),
    }
    return reasons.get(str(reason)) or _("Not renewed: something stands in its way")


def _renewed(detail: Detail) -> Told:
    until = day(date.fromisoformat(detail["expires_on"]))
    return Told(_("Renewed until %(date)s", date=until), "green")


def _expired(detail: Detail) -> Told:
    sentences = {
        "grace": Told(_("Expired; it works for some days more"), "amber"),
        "suspended": Told(_("Suspended, because it was not renewed"), "red"),
        "deletable": Told(_("May be deleted, because it was not renewed"), "red"),
        "expired": Told(_("Expired"), "red"),
    }
    return sentences[detail["status"]]


def _debited(detail: Detail) -> Told:
    amount = money(int(detail["amount"]), detail["currency"])
    return Told(_("%(amount)s taken from the wallet", amount=amount))


def _charged(detail: Detail) -> Told:
    amount = money(int(detail["amount"]), detail["currency"])
    return Told(_("%(amount)s charged to the card", amount=amount))


def _moved(event: str, tone: str = "") -> Callable[[Detail], Told]:
    """Money that moved: what happened, and how much."""

    def told(detail: Detail) -> Told:
        amount = money(int(detail["amount"]), detail["currency"])
        return Told(_("%(what)s: %(amount)s", what=_PLAIN[event], amount=amount), tone)

    return told


def _price_announced(detail: Detail) -> Told:
    before, after = (money(int(detail[key]), detail["currency"]) for key in ("before", "after"))
    return Told(_("New price announced: %(after)s instead of %(before)s", after=after,
                  before=before))  # fmt: skip


def _limit_set(detail: Detail) -> Told:
    limit = money(int(detail["after"]), detail["currency"])
    return Told(_("Not to be renewed by itself above %(limit)s", limit=limit))


_TOLD: dict[str, Callable[[Detail], Told]] = {
    "auto_renewal.switched_on": _switched_on,
    "auto_renewal.changed": _changed,
    "auto_renewal.limit_set": _limit_set,
    "price.announced": _price_announced,
    "renewal.attempted": _attempted,
    "domain.renewed": _renewed,
    "mailbox.renewed": _renewed,
    "subscription.expired": _expired,
    "subscription.suspended": _expired,
    "subscription.deletable": _expired,
    "wallet.debited": _debited,
    "card.charged": _charged,
    "card.declined": _moved("card.declined", "red"),
    "wallet.topped_up": _moved("wallet.topped_up", "green"),
    "wallet.corrected": _moved("wallet.corrected"),
    "exit.asked": _moved("exit.asked", "amber"),
    "payment.refunded": _moved("payment.refunded"),
    "payment.disputed": _moved("payment.disputed", "red"),
    "payment.dispute_won": _moved("payment.dispute_won", "green"),
}
_PLAIN = {
    "auto_renewal.switched_on": lazy_gettext("Auto-renewal was switched on"),
    "auto_renewal.switched_off": lazy_gettext("Auto-renewal was switched off"),
    "auto_renewal.changed": lazy_gettext("Auto-renewal was changed"),
    "renewal.attempted": lazy_gettext("Renewal tried"),
    "domain.renewed": lazy_gettext("Renewed"),
    "mailbox.renewed": lazy_gettext("Renewed"),
    "mailbox.added": lazy_gettext("Mailbox added"),
    "mailbox.removed": lazy_gettext("Mailbox removed"),
    "auto_renewal.limit_set": lazy_gettext("Price limit for auto-renewal set"),
    "auto_renewal.limit_removed": lazy_gettext("Price limit for auto-renewal removed"),
    "price.announced": lazy_gettext("New price announced"),
    "auto_renewal.card_removed": lazy_gettext("Its card was removed: wallet and other cards pay"),
    "card.added": lazy_gettext("Card added"),
    "card.named": lazy_gettext("Card named"),
    "card.made_default": lazy_gettext("Card made the default"),
    "card.moved": lazy_gettext("Card moved in the order of backups"),
    "card.auto_debit_on": lazy_gettext("Auto-debit switched on"),
    "card.auto_debit_off": lazy_gettext("Auto-debit switched off"),
    "card.updated": lazy_gettext("The bank gave the card a new expiry date"),
    "card.removed": lazy_gettext("Card removed"),
    "wallet.debited": lazy_gettext("Paid from the wallet"),
    "card.charged": lazy_gettext("Paid by card"),
    "card.declined": lazy_gettext("Card declined"),
    "card.unusable": lazy_gettext("The bank refuses the card for good"),
    "wallet.topped_up": lazy_gettext("Paid in"),
    "wallet.corrected": lazy_gettext("Corrected by the host"),
    "wallet.auto_top_up": lazy_gettext("Automatic top-up changed"),
    "payment.refunded": lazy_gettext("Refunded"),
    "payment.disputed": lazy_gettext("Taken back by the bank"),
    "payment.dispute_won": lazy_gettext("Given back by the bank"),
    "forwarding.added": lazy_gettext("Forwarding added"),
    "forwarding.changed": lazy_gettext("Forwarding changed"),
    "forwarding.removed": lazy_gettext("Forwarding removed"),
    "alert.opened": lazy_gettext("Alert opened"),
    "alert.reminded": lazy_gettext("Alert: a reminder was sent"),
    "alert.resolved": lazy_gettext("Alert resolved"),
    "alert.expired": lazy_gettext("Alert expired"),
    "alert.delays_changed": lazy_gettext("Delays of alerts changed"),
    "renewal.announced": lazy_gettext("Tacit renewal announced by mail"),
    "exit.asked": lazy_gettext("Its end was asked for, with a refund"),
    "organization.suspended": lazy_gettext("Organization suspended"),
    "organization.resumed": lazy_gettext("Organization resumed"),
    "organization.suspension_added": lazy_gettext("One more reason for the suspension"),
    "organization.suspension_lifted": lazy_gettext("One reason for the suspension is gone"),
    "move.announced": lazy_gettext("Move announced"),
    "move.queued": lazy_gettext("Move asked for, or due"),
    "move.failed": lazy_gettext("Move failed; the account is as it was"),
    "move.cancelled": lazy_gettext("Move called off"),
    "move.applied": lazy_gettext("Move applied"),
    "mail.queued": lazy_gettext("Mail queued"),
    "mail.sent": lazy_gettext("Mail sent"),
    "mail.sent_anew": lazy_gettext("Mail to be sent again"),
    "subscription.expired": lazy_gettext("Expired"),
    "invoice.issued": lazy_gettext("Invoice issued"),
    "mail.bounced": lazy_gettext("Mail came back"),
    "credit_note.issued": lazy_gettext("Credit note issued"),
    "proforma.made": lazy_gettext("Pro forma made"),
    "proforma.paid": lazy_gettext("Pro forma paid"),
    "proforma.cancelled": lazy_gettext("Pro forma cancelled"),
    "proforma.expired": lazy_gettext("Pro forma expired"),
}
