"""Puts the page over all ticked mailboxes together: what is offered, and what it would do."""

from dataclasses import dataclass
from datetime import date

from flask import Response, abort, request, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from app.accounts.access import may, organizations_with, person, scope
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.auto_renewal import bulk, words
from app.auto_renewal.bulk import Survey
from app.auto_renewal.forms import BulkForm
from app.auto_renewal.service import Refusal
from app.billing.queries import balance
from app.db import db
from app.domains import queries as domains
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.lib.ids import public_id
from app.mailboxes import selecting
from app.renewals.rules import next_attempt_day
from app.selections.queries import Ticks, ticks
from app.subscriptions.queries import of_domain as subscription_of
from app.subscriptions.queries import prices
from app.subscriptions.rules import MONTHS, Kind, Period
from app.subscriptions.service import Choice
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
        self.organization_id = domain.organization_id
        self.ticks: Ticks = ticks(session, person().sign_in_id, selecting.scope_of(domain.id))
        self.payers = organizations_with(Right.BILL)
        self.form = self._form()
        self.choice = self._choice()
        self.survey: Survey = bulk.survey(
            session, selecting.ticked(domain.id, self.ticks), self.choice, today()
        )
        named = self.ticks.items if self.ticks.matching is None else self.survey.number
        self.vanished = named - self.survey.number
        self.own = subscription_of(session, domain.id)
        if afresh or not self.form.is_submitted() or "preview" in request.form:
            self.form.version.data = self.survey.seen

    def afresh(self) -> "BulkPage":
        """The same input over what is ticked now."""
        found = domains.find(db.session(), scope(), self.domain.name) or abort(404)
        return BulkPage(found, afresh=True)

    def _form(self) -> BulkForm:
        own = [m.public_id for m in self.payers if m.organization_id == self.organization_id]
        first = own or [m.public_id for m in self.payers] or [""]
        form = BulkForm(
            data={
                "on": True,
                "period": Period.MONTHLY.value,
                "billed_organization": first[0],
                "nonce": public_id(),
                "next": request.args.get("next", ""),
            }
        )
        form.billed_organization.choices = [
            SelectChoice(m.public_id, m.name) for m in self.payers
        ] or [SelectChoice("", _("None that you may bill"))]
        return form

    def _choice(self) -> Choice:
        wanted = self.form.billed_organization.data
        payer = next((m.organization_id for m in self.payers if m.public_id == wanted), None)
        periods = {one.value: MONTHS[one] for one in Period}
        return Choice(bool(self.form.on.data), periods.get(self.form.period.data, 1), payer)

    def is_possible(self) -> bool:
        """Whether the choice can be taken at all; says beside the field why not."""
        if not self.survey.number:
            self.form.on.errors = [_("No mailbox is ticked any more.")]
        elif self.choice.on and self.choice.billed_organization_id is None:
            self.form.billed_organization.errors = [words.why(Refusal.PAYER)]
        elif self.choice.on and self.domain.status is DomainStatus.GONE:
            self.form.on.errors = [words.why(Refusal.GONE)]
        elif self.choice.on and self.money.each is None:
            self.form.period.errors = [words.why(Refusal.NO_PRICE)]
        return not self.form.errors

    @property
    def money(self) -> Money:
        """The price of the choice for all that are ticked, and what the wallet has for it."""
        price = prices(db.session()).of(Kind.MAILBOX, "", self.choice.months)
        number, payer = self.survey.number, self.choice.billed_organization_id
        if price is None or payer is None:
            return Money(price, None, None, None, None)
        months = self.choice.months
        available = balance(db.session(), payer, terms().currency).available
        return Money(
            price,
            (2 * price * number + months) // (2 * months),
            price * number * 12 // months,
            available,
            max(0, price * (number - self.survey.expired) - available),
        )

    @property
    def first_charge_on(self) -> date | None:
        """The first day on which one of them is tried."""
        soonest = self.survey.soonest
        return next_attempt_day(Kind.MAILBOX, soonest, today()) if soonest else None

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
        home = url_for("mailboxes.of_domain", name=self.domain.name)
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
            may_change=may(Right.MANAGE_RENEWALS, self.organization_id),
            payer=self._payer_name(),
        )

    def _payer_name(self) -> str:
        wanted = self.choice.billed_organization_id
        return next((m.name for m in self.payers if m.organization_id == wanted), "")
