"""Puts the page over all ticked mailboxes together: what is offered, and what it would do."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from flask import Response, abort, request, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from app.accounts.access import may, organizations_with, person, scope
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.auto_renewal import bulk_queries, words
from app.auto_renewal.bulk_choice import BulkChoice
from app.auto_renewal.bulk_queries import Common, Survey
from app.auto_renewal.forms import BulkForm
from app.auto_renewal.page import name_of_payer
from app.auto_renewal.service import Refusal
from app.billing.models import Card
from app.billing.queries import balance
from app.db import db
from app.domains import queries as domains
from app.domains.models import Domain
from app.domains.paying import first_card
from app.domains.rules import DomainStatus
from app.lib.ids import public_id
from app.mailboxes import selecting
from app.renewals.rules import next_attempt_day
from app.selections.queries import Ticks, ticks
from app.subscriptions.models import Subscription
from app.subscriptions.queries import of_domain as subscription_of
from app.subscriptions.queries import prices
from app.subscriptions.rules import MONTHS, Kind, Period, period_of
from app.web.htmx import render
from app.web.paths import local_path


@dataclass(frozen=True)
class Money:
    """What the choice costs, in minor units; None where it is not for sale."""

    each: int | None
    per_month: int | None
    per_year: int | None
    available: int | None
    missing: int | None


class BulkPage:
    """The ticked mailboxes of one domain, the form over them, and what it would do."""

    def __init__(self, domain: Domain, *, afresh: bool = False) -> None:
        session = db.session()
        self.domain = domain
        # Still known after a change, without reading the domain again.
        self.name = domain.name
        self.organization_id = domain.organization_id
        self.ticks: Ticks = ticks(session, person().sign_in_id, selecting.scope_of(domain.id))
        self.payers = organizations_with(Right.BILL)
        self.targets = selecting.ticked(domain.id, self.ticks)
        self.form = self._form()
        self.choice = self._choice()
        if afresh or not self.form.is_submitted() or "preview" in request.form:
            self.form.version.data = self.survey.seen

    # What only the page tells, is read when it does: a change counts for itself.
    @cached_property
    def survey(self) -> Survey:
        """What the choice would do."""
        return bulk_queries.survey(db.session(), self.targets, self.choice, today())

    @cached_property
    def own(self) -> Subscription | None:
        """The subscription of the domain itself."""
        return subscription_of(db.session(), self.domain.id)

    @property
    def vanished(self) -> int:
        """How many that were ticked by name are there no more."""
        return self.ticks.items - self.survey.number if self.ticks.matching is None else 0

    def afresh(self) -> "BulkPage":
        """The same input over what is ticked now."""
        found = domains.find(db.session(), scope(), self.name) or abort(404)
        return BulkPage(found, afresh=True)

    def _form(self) -> BulkForm:
        form = BulkForm(data={"nonce": public_id(), "next": request.args.get("next", "")})
        if not form.is_submitted():
            self._begin(form, bulk_queries.common(db.session(), self.targets))
        form.billed_organization.choices = self._payer_choices(form.billed_organization.data)
        return form

    def _begin(self, form: BulkForm, common: Common) -> None:
        """Start from what the ticked ones have in common; where they differ, from no choice."""
        # Who opens it for mailboxes that are off wants them on, unless they may not have them paid.
        form.on.data = bool(self.payers)
        form.period.data = period_of(common.months).value if common.months else None
        wanted = common.payer_id if common.has_payer else self.organization_id
        names = {m.organization_id: m.public_id for m in self.payers}
        some = next(iter(names.values()), "") if not common.has_payer else ""
        form.billed_organization.data = names.get(wanted or 0, some)

    def _payer_choices(self, chosen: str | None) -> list[SelectChoice]:
        offered = [SelectChoice(m.public_id, m.name) for m in self.payers]
        if not offered:
            return [SelectChoice("", self._present_payer())]
        return offered if chosen else [SelectChoice("", _("Choose…")), *offered]

    def _present_payer(self) -> str:
        """Who pays for all that are on, if it is one; what the list shows who may bill nobody."""
        common = bulk_queries.common(db.session(), self.targets)
        if not common.has_payer:
            return str(_("None that you may bill"))
        if common.payer_id is None:
            return str(_("several organizations"))
        return name_of_payer(common.payer_id)

    def _choice(self) -> BulkChoice:
        if not self.form.on.data:
            return BulkChoice(on=False)
        wanted = self.form.billed_organization.data
        payer = next((m.organization_id for m in self.payers if m.public_id == wanted), None)
        periods = {one.value: MONTHS[one] for one in Period}
        return BulkChoice(True, periods.get(self.form.period.data or ""), payer)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be chosen how often, or who pays."""
        return self.choice.on and None in (self.choice.months, self.choice.billed_organization_id)

    def is_possible(self) -> bool:
        """Whether the choice can be taken at all; says beside the field why not."""
        form, choice = self.form, self.choice
        if self.ticks.matching is None and not self.ticks.items:
            form.on.errors = [_("No mailbox is ticked any more.")]
        if not choice.on:
            return not form.errors
        if choice.months is None:
            form.period.errors = [_("Choose Monthly or Yearly.")]
        elif self._price is None:
            form.period.errors = [words.why(Refusal.NO_PRICE)]
        if choice.billed_organization_id is None:
            unpaid = words.why(Refusal.PAYER) if form.billed_organization.data else None
            form.billed_organization.errors = [unpaid or _("Choose who pays.")]
        if self.domain.status is DomainStatus.GONE:
            form.on.errors = [words.why(Refusal.GONE)]
        return not form.errors

    @cached_property
    def _price(self) -> int | None:
        return prices(db.session()).of(Kind.MAILBOX, "", self.choice.months or 0)

    @cached_property
    def money(self) -> Money:
        """The price of the choice for all that are ticked, and what the wallet has for it."""
        months, payer = self.choice.months or 0, self.choice.billed_organization_id
        price, number = self._price, self.survey.number
        if price is None or payer is None:
            return Money(price, None, None, None, None)
        available = balance(db.session(), payer, terms().currency).available
        return Money(
            price,
            (2 * price * number + months) // (2 * months),
            price * number * 12 // months,
            available,
            max(0, price * self.charged - available),
        )

    @cached_property
    def card(self) -> Card | None:
        """The card that pays what the wallet lacks."""
        payer = self.choice.billed_organization_id
        if payer is None or not self.money.missing:
            return None
        return first_card(db.session(), payer, self.first_charge_on or today())

    @property
    def charged(self) -> int:
        """How many of them are renewed by themselves; what has expired is not."""
        return self.survey.number - self.survey.expired

    @property
    def first_charge_on(self) -> date | None:
        """The first day on which one of them is tried."""
        slot, soonest = self.survey.next_slot_on, self.survey.soonest
        days = [max(slot, today()) if slot else None]
        days.append(next_attempt_day(Kind.MAILBOX, soonest, today()) if soonest else None)
        return min((day for day in days if day), default=None)

    @property
    def offers_domain(self) -> bool:
        """Whether the domain does not renew itself, and could be switched on too (seed-B)."""
        return bool(
            self.own
            and not self.own.auto_renewal
            and self.domain.status is not DomainStatus.GONE
            and prices(db.session()).of(Kind.DOMAIN, self.domain.extension, self.own.renewal_months)
        )

    @property
    def back(self) -> str:
        """The list to go back to, as it was filtered and sorted."""
        home = url_for("mailboxes.of_domain", name=self.name)
        wanted: str | None = local_path(self.form.next.data or "")
        return wanted if wanted and wanted.partition("?")[0] == home else home

    def show(self, *, block: str = "preview", status: int = 200, changed: bool = False) -> Response:
        """The page, or the block of it that htmx asks for."""
        return render(
            "auto_renewal/bulk.html",
            block=block,
            status=status,
            page=self,
            form=self.form,
            domain=self.domain,
            changed=changed,
            length=words.length,
            still_open=words.still_open(self.choice),
            may_change=may(Right.MANAGE_RENEWALS, self.organization_id),
            may_bill=bool(self.payers),
            payer=self._payer_name(),
        )

    def _payer_name(self) -> str:
        wanted = self.choice.billed_organization_id
        return next((m.name for m in self.payers if m.organization_id == wanted), "")
