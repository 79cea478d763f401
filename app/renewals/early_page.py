"""Puts the page of *Renew* together: what is ticked, for how many years, and what it costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from wtforms.fields.choices import SelectChoice

from app.accounts.access import Membership, billable, person
from app.accounts.installation import today
from app.billing.queries import contacts
from app.db import db
from app.domains import selecting
from app.domains.models import Domain
from app.domains.rules import MAX_YEARS
from app.domains.words import too_late
from app.lib.dates import add_years_leap_safe
from app.lib.ids import digest
from app.renewals import early
from app.renewals.early import Offer
from app.renewals.early_forms import EarlyForm
from app.selections.queries import ticks
from app.subscriptions.models import Subscription
from app.subscriptions.queries import prices
from app.web.htmx import render

# More lines than this make no document that anybody reads.
MOST = 500


@dataclass(frozen=True)
class Line:
    """A ticked domain as the page shows it; `price` is None where it cannot be ordered."""

    name: str
    expires_on: date | None
    ends_on: date | None
    price: int | None
    contact: str
    why: str
    offer: Offer | None


class Ticked(NamedTuple):
    """A ticked domain; one that is registered elsewhere has no subscription."""

    name: str
    subscription_id: int | None
    expires_on: date | None


class EarlyPage:
    """The ticked domains, the years chosen, and what ordering would make."""

    def __init__(self, organization: Membership) -> None:
        self.organization = organization
        self.form = EarlyForm(data={"years": 1})
        self.form.years.choices = [
            SelectChoice(years, ngettext("%(num)d year", "%(num)d years", years))
            for years in range(1, MAX_YEARS)
        ]
        if not self.form.is_submitted() or "preview" in request.form:
            self.form.version.data = self.seen

    @property
    def years(self) -> int:
        """The years chosen; one where what came is none of the choices."""
        years = self.form.years.data
        return years if isinstance(years, int) and 1 <= years < MAX_YEARS else 1

    @property
    def only(self) -> str:
        """The one domain that it is about, whatever is ticked in the list; empty for the ticked."""
        return request.values.get("only", "").replace("\0", "").lower()

    @cached_property
    def rows(self) -> list[Ticked]:
        """What is ticked, by name, at most MOST + 1; or the one domain that the address names."""
        session, organization_id = db.session(), self.organization.organization_id
        columns = select(
            Domain.name, Subscription.id.label("subscription_id"), Subscription.expires_on
        )
        if self.only:
            statement = selecting.named(organization_id, self.only, columns)
        else:
            found = ticks(session, person().sign_in_id, selecting.scope_of(organization_id))
            if found.selection_id is None:
                return []
            statement = selecting.ticked(organization_id, found, columns)
        rows = session.execute(statement.order_by(Domain.name).limit(MOST + 1)).all()
        return [Ticked(*row) for row in rows]

    @cached_property
    def seen(self) -> str:
        """The name of this very set with its expiry dates: what is ordered is what was shown."""
        return digest(repr(self.rows))[:24]

    @cached_property
    def _found(self) -> list[Offer]:
        ids = [row.subscription_id for row in self.rows if row.subscription_id is not None]
        return early.offers(db.session(), ids, billable(), today())

    @property
    def is_possible(self) -> bool:
        """Whether any of them can be ordered, for whatever number of years."""
        return any(one.most_years for one in self._found)

    @cached_property
    def lines(self) -> list[Line]:
        """One for each ticked domain."""
        known = {one.subscription_id: one for one in self._found}
        catalogue, names = prices(db.session()), _contact_names(self._found)
        lines = []
        for row in self.rows:
            offer = known.get(row.subscription_id or 0)
            if offer is None:
                why = _("It cannot be renewed here.")
                lines.append(Line(row.name, row.expires_on, None, None, "", why, None))
                continue
            contact = names.get(offer.contact_id, "")
            price = early.price_of(catalogue, offer, self.years)
            ends = add_years_leap_safe(offer.expires_on, self.years)
            why = "" if price is not None else _why(offer, self.years)
            orders = offer if price is not None else None
            lines.append(Line(row.name, row.expires_on, ends, price, contact, why, orders))
        return lines

    @property
    def offers(self) -> list[Offer]:
        """What will be ordered."""
        return [line.offer for line in self.lines if line.offer]

    @property
    def total(self) -> int:
        """What all of it costs, in minor units."""
        return sum(line.price or 0 for line in self.lines)

    @property
    def has_expired(self) -> bool:
        """Whether none of them is still running: then nothing is early."""
        ends = [row.expires_on for row in self.rows if row.expires_on is not None]
        return bool(ends) and max(ends) <= today()

    @property
    def documents(self) -> int:
        """How many proformas it makes."""
        return len({(one.payer_id, one.contact_id) for one in self.offers})

    def show(self, *, status: int = 200, changed: bool = False) -> Response:
        """The page, or the preview that htmx asks for."""
        return render(
            "renewals/early.html", block="preview", status=status, page=self, form=self.form,
            changed=changed, most=MOST,
        )  # fmt: skip


def _contact_names(offers: Iterable[Offer]) -> dict[int | None, str]:
    return {
        contact.id: contact.name
        for payer_id in {one.payer_id for one in offers}
        for contact in contacts(db.session(), payer_id)
    }


def _why(offer: Offer, years: int) -> str:
    late = too_late(offer.expires_on, today())
    if late is not None:
        return late
    if years > offer.most_years:
        return str(_("No more than ten years ahead: too many years."))
    return str(_("There is no price for it."))
