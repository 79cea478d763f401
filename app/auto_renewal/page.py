"""Puts the auto-renewal page together: what is offered to this person, and what they chose."""

from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import quote, urlsplit

from flask import request
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from app.accounts.access import billable, may, organizations_with, person, scope
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.auto_renewal import queries, words
from app.auto_renewal.forms import ChoiceForm, DomainChoiceForm, MailboxChoiceForm
from app.auto_renewal.preview import Preview, preview
from app.auto_renewal.queries import CardOption, ContactOption, DomainOffer, Renewable
from app.auto_renewal.service import version
from app.billing.models import Card
from app.db import db
from app.domains.paying import first_card
from app.domains.rules import years_to_offer
from app.domains.words import too_late
from app.renewals.rules import next_attempt_day
from app.subscriptions.queries import prices
from app.subscriptions.rules import MONTHS, Kind, Period, period_of
from app.subscriptions.service import Choice
from app.web.paths import local_path

# Stands in forms for a payer, contact or card that is kept but not this person's to choose.
KEPT = "unchanged"
MAX_YEARS = 9


@dataclass(frozen=True)
class Payer:
    """An organization in the list; `value` is its name in the form."""

    value: str
    name: str
    id: int | None


def list_of(service: Renewable) -> str:
    """The address of the list in which the service stands."""
    if service.kind is Kind.MAILBOX:
        return f"/domains/{quote(service.domain)}/mailboxes"
    return "/domains"


def name_of_payer(organization_id: int | None) -> str:
    """An organization's name, if it is one of the person's."""
    if organization_id is None:
        return "–"
    names = {m.organization_id: m.name for m in person().memberships}
    return names.get(organization_id) or _("another organization")


class ChoicePage:
    """One service, the form over its choice, and the preview of what the form now says."""

    def __init__(self, service: Renewable) -> None:
        self.service = service
        self.is_domain = service.kind is Kind.DOMAIN
        self.may_change = may(Right.MANAGE_RENEWALS, service.organization_id)
        self.payers = _payers(service.choice)
        self.form = self._form()
        self.form.billed_organization.choices = [
            SelectChoice(one.value, one.name) for one in self.payers
        ]
        if self.is_domain:
            self._offer_to_domain()

    def _form(self) -> ChoiceForm:
        choice = self.service.choice
        data = {
            "on": choice.on,
            "billed_organization": self._present_payer(),
            "version": version(choice),
            "next": request.args.get("next", ""),
        }
        if not self.is_domain:
            return MailboxChoiceForm(data=data | {"period": period_of(choice.months).value})
        return DomainChoiceForm(data=data | {"years": str(choice.months // 12)})

    def _present_payer(self) -> str:
        """What the list shows at first: who pays now, else the service's own organization."""
        wanted = self.service.choice.billed_organization_id or self.service.organization_id
        return next((one.value for one in self.payers if one.id == wanted), self.payers[0].value)

    def _offer_to_domain(self) -> None:
        form = self.form
        form.years.choices = [SelectChoice(str(n)) for n in range(1, self._most_years() + 1)]
        form.billing_contact.choices = self._contact_choices()
        form.card.choices = self._card_choices()
        present = self.service.choice
        if not form.billing_contact.raw_data:
            form.billing_contact.data = _value(self.contacts, present.billing_contact_id)
        if not form.card.raw_data:
            form.card.data = _value(self.cards, present.card_id)
        self._fill_gaps(only_untouched=True)

    def _most_years(self) -> int:
        """What the registry will accept on the day of the first attempt (R11)."""
        ends = self.service.expires_on
        day = next_attempt_day(Kind.DOMAIN, ends, today()) or today()
        return max(1, min(MAX_YEARS, years_to_offer(ends, day)))

    @property
    def payer(self) -> Payer | None:
        """The payer that the form names, if it was offered."""
        wanted = self.form.billed_organization.data
        return next((one for one in self.payers if one.value == wanted), None)

    @cached_property
    def contacts(self) -> list[ContactOption]:
        """Contacts of the payer in the form; none of a payer whom the person may not bill."""
        payer = self._own_payer()
        return queries.contacts(db.session(), payer) if payer else []

    @cached_property
    def cards(self) -> list[CardOption]:
        """Cards of the payer in the form, likewise."""
        payer = self._own_payer()
        return queries.cards(db.session(), payer) if payer else []

    def _own_payer(self) -> int | None:
        return self.payer.id if self.payer and self.payer.id in billable() else None

    def _contact_choices(self) -> list[SelectChoice]:
        if self._own_payer() is None:
            return [SelectChoice(KEPT, _("as it is"))]
        found = [SelectChoice(one.public_id, f"{one.name}, {one.city}") for one in self.contacts]
        return found or [SelectChoice("", _("None yet"))]

    def _card_choices(self) -> list[SelectChoice]:
        if self._own_payer() is None:
            return [SelectChoice(KEPT, _("as it is"))]
        found = [SelectChoice(one.public_id, words.card(one)) for one in self.cards]
        return [SelectChoice("", _("The default card") if found else _("No card")), *found]

    def forgive(self) -> None:
        """For a preview: contact and card of the payer chosen before give way to the new one's."""
        if self.is_domain:
            self._fill_gaps()

    def _fill_gaps(self, *, only_untouched: bool = False) -> None:
        for field in (self.form.billing_contact, self.form.card):
            offered = [one.value for one in field.choices]
            if field.data not in offered and not (only_untouched and field.raw_data):
                field.data = offered[0]

    def _months(self) -> int:
        """The length of the next periods in the form; what stands where the form has none."""
        if not self.is_domain:
            chosen = self.form.period.data
            return {one.value: MONTHS[one] for one in Period}.get(
                chosen, self.service.choice.months
            )
        years = self.form.years
        offered = [one.value for one in years.choices]
        return 12 * int(years.data) if years.data in offered else self.service.choice.months

    def choice(self) -> Choice:
        """What the form says. Switched off, payer, contact and card stay what they were."""
        present = self.service.choice
        if not self.form.on.data:
            return replace(present, on=False, months=self._months())
        payer = self.payer.id if self.payer else None
        chosen = replace(present, on=True, months=self._months(), billed_organization_id=payer)
        if not self.is_domain or self._own_payer() is None:
            return chosen
        contact, card = self._contact(), self._card()
        return replace(
            chosen,
            billing_contact_id=contact.id if contact else None,
            card_id=card.id if card else None,
        )

    def _contact(self) -> ContactOption | None:
        wanted = self.form.billing_contact.data if self.is_domain else None
        return next((one for one in self.contacts if one.public_id == wanted), None)

    def _card(self) -> CardOption | None:
        wanted = self.form.card.data if self.is_domain else None
        return next((one for one in self.cards if one.public_id == wanted), None)

    @cached_property
    def preview(self) -> Preview:
        """What the form would lead to."""
        facts = queries.facts(
            db.session(),
            self.service,
            self.choice(),
            visible_ids=scope(),
            currency=terms().currency,
            today=today(),
            contact=self._contact(),
            card=self._card(),
            cards_of_payer=len(self.cards) if self.is_domain else 0,
            also=self._price_of_domain_too(),
        )
        return preview(facts)

    @property
    def later(self) -> int | None:
        """What the catalogue asks where the next renewal still costs less; minor units (R16)."""
        price = self.preview.price
        if price is None:
            return None
        return queries.later_price(db.session(), self.service, self.preview.months, price)

    @property
    def too_late(self) -> str | None:
        """Why a domain that has ended cannot be renewed by hand either; None where it can."""
        return too_late(self.service.expires_on, today()) if self.is_domain else None

    @property
    def is_too_dear(self) -> bool:
        """Whether the next renewal costs more than the limit allows (R16)."""
        price, cap = self.preview.price, self.service.price_cap
        return price is not None and cap is not None and price > cap

    @cached_property
    def paying_card(self) -> Card | None:
        """The card that pays what the wallet lacks; None where that is not this person's to see."""
        payer, card = self.choice().billed_organization_id, self._card()
        if payer is None or not self.preview.missing:
            return None
        day = self.preview.first_charge_on or today()
        return first_card(db.session(), payer, day, card.id if card else None)

    @property
    def rates(self) -> str | None:
        """A mailbox's two prices side by side, if it can be had for both periods."""
        known = prices(db.session())
        month, year = (known.of(Kind.MAILBOX, "", MONTHS[one]) for one in Period)
        if self.is_domain or month is None or year is None:
            return None
        return words.rates(month, year)

    @cached_property
    def domain_offer(self) -> DomainOffer | None:
        """The mailbox's domain, where the page may offer to switch it on too."""
        if self._own_payer() is None:
            return None
        managed = [one.organization_id for one in organizations_with(Right.MANAGE_RENEWALS)]
        return queries.domain_offer(db.session(), self.service, managed)

    def _price_of_domain_too(self) -> int:
        asked = not self.is_domain and self.form.domain_too.data and self.domain_offer
        return asked.price if asked else 0

    @property
    def is_under_way(self) -> bool:
        """Whether switching off comes too late for the running renewal (R15)."""
        return queries.is_under_way(db.session(), self.service)

    def has_unread_cautions(self) -> bool:
        """Whether the choice has cautions that the page has not shown yet (R22)."""
        return not set(self.preview.cautions) <= set((self.form.accepted.data or "").split(","))

    def is_outdated(self) -> bool:
        """Whether the choice was changed since the page was shown, to something else than this."""
        present = self.service.choice
        return bool(self.form.version.data != version(present) and self.choice() != present)

    @property
    def back(self) -> str:
        """The list to go back to, as it was filtered and sorted."""
        home = list_of(self.service)
        wanted: str | None = local_path(self.form.next.data)
        return wanted if wanted and urlsplit(wanted).path == home else home


def _payers(choice: Choice) -> list[Payer]:
    offered = [
        Payer(m.public_id, m.name, m.organization_id) for m in organizations_with(Right.BILL)
    ]
    present = choice.billed_organization_id
    if present is not None and present not in billable():
        offered.insert(0, Payer(KEPT, name_of_payer(present), present))
    return offered or [Payer("", _("None that you may bill"), None)]


def _value(options: list[ContactOption] | list[CardOption], wanted: int | None) -> str:
    return next((one.public_id for one in options if one.id == wanted), "")
