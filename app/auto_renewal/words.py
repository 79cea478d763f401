"""What the auto-renewal page says about periods, cards and refusals, in the reader's language."""

from typing import assert_never

from flask_babel import gettext as _
from flask_babel import ngettext

from app.auto_renewal.bulk import Done
from app.auto_renewal.bulk_choice import BulkChoice
from app.auto_renewal.queries import CardOption
from app.auto_renewal.recurring_queries import Stop
from app.auto_renewal.service import Refusal
from app.web.i18n import money


def length(months: int) -> str:
    """A period: whole years as years."""
    if months % 12 == 0:
        return ngettext("%(num)d year", "%(num)d years", months // 12)
    return ngettext("%(num)d month", "%(num)d months", months)


def rates(month: int, year: int) -> str:
    """A mailbox's two prices side by side."""
    return _("%(month)s a month, or %(year)s a year", month=money(month), year=money(year))


def limited(name: str, cap: int) -> str:
    """A limit that was set; minor units."""
    return _("%(name)s will not renew by itself above %(limit)s.", name=name, limit=money(cap))


def above_limit(name: str, price: int, cap: int) -> str:
    """A limit that was set below the present price; minor units."""
    return _(
        "%(name)s costs %(price)s now, which is above your limit of %(limit)s: it will not renew "
        "by itself.",
        name=name, price=money(price), limit=money(cap),
    )  # fmt: skip


def card(option: CardOption) -> str:
    """A card in a list."""
    return _(
        "%(brand)s ending in %(last4)s, until %(month)s/%(year)s, %(holder)s",
        brand=option.brand.capitalize(), last4=option.last4, month=f"{option.exp_month:02}",
        year=option.exp_year, holder=option.holder,
    )  # fmt: skip


def still_open(choice: BulkChoice) -> str:
    """What is to be chosen, because the ticked mailboxes differ in it."""
    if choice.months is not None:
        return _("Different organizations pay so far: choose who pays.")
    if choice.billed_organization_id is not None:
        return _("Some renew monthly, some yearly: choose one for all.")
    return _("They differ so far: choose how often they renew and who pays.")


def done_to_mailboxes(done: Done, *, on: bool) -> str:
    """What a change in bulk did: how many were switched, how many only changed, how many not."""
    if not on:
        return ngettext(
            "Auto-renewal is off for %(num)d mailbox.",
            "Auto-renewal is off for %(num)d mailboxes.",
            done.changed,
        )
    told = []
    if done.switched:
        told.append(
            ngettext(
                "Auto-renewal is on for %(num)d mailbox.",
                "Auto-renewal is on for %(num)d mailboxes.",
                done.switched,
            )
        )
    if changed := done.changed - done.switched:
        told.append(
            ngettext(
                "Frequency or billed organization changed for %(num)d mailbox that was on already.",
                "Frequency or billed organization changed for %(num)d mailboxes"
                " that were on already.",
                changed,
            )
        )
    return " ".join([*told, *_others(done)])


def done_to_domains(done: Done) -> str:
    """The same of recurring payment."""
    told = []
    if done.switched:
        told.append(
            ngettext(
                "%(num)d domain renews by itself now.",
                "%(num)d domains renew by themselves now.",
                done.switched,
            )
        )
    if changed := done.changed - done.switched:
        told.append(
            ngettext(
                "Contact or card changed for %(num)d domain that was on already.",
                "Contact or card changed for %(num)d domains that were on already.",
                changed,
            )
        )
    return " ".join([*told, *_others(done)])


def _others(done: Done) -> list[str]:
    if not (left := done.number - done.changed):
        return []
    return [ngettext("%(num)d other stays as it was.", "%(num)d others stay as they were.", left)]


def stays_renewed(number: int) -> str:
    """What undoing cannot bring back."""
    return ngettext(
        "%(num)d was renewed in the meantime: it stays renewed, and the money spent on it stays"
        " spent.",
        "%(num)d were renewed in the meantime: they stay renewed, and the money spent on them stays"
        " spent.",
        number,
    )


def why_stopped(stop: str) -> str:
    """Why a ticked domain cannot be switched on, after its name."""
    match Stop(stop):
        case Stop.EXTERNAL:
            return _("Registered elsewhere: it is renewed there, not here.")
        case Stop.GONE:
            return _("No longer registered with us.")
        case Stop.TRANSFERRING:
            return _("Being transferred to another registrar.")
        case Stop.NO_PRICE:
            return _("There is no price for it: contact us.")
        case _:
            assert_never(stop)


def why(refusal: Refusal) -> str:
    """Why a choice was not taken."""
    match refusal:
        case Refusal.NOT_YOURS:
            return _("You may not change this.")
        case Refusal.CHANGED_MEANWHILE:
            return _("Somebody changed this in the meantime.")
        case Refusal.PAYER:
            return _("You may not have this organization pay. Choose another one.")
        case Refusal.CONTACT:
            return _("Choose a billing contact of the billed organization, from the list.")
        case Refusal.CARD:
            return _("Choose a card of the billed organization, from the list.")
        case Refusal.NO_PRICE:
            return _("There is no price for this: it cannot be renewed automatically. Contact us.")
        case Refusal.GONE:
            return _("This domain is no longer registered with us.")
        case _:
            assert_never(refusal)
