"""Puts the page of *Recurring payment* together: what is ticked, what is offered, what follows."""

from collections.abc import Sequence
from functools import cached_property
from urllib.parse import urlsplit

from flask import Response, request, url_for
from wtforms.fields.choices import SelectChoice

from app.accounts.access import Membership, may, person
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.auto_renewal import queries, words
from app.auto_renewal import recurring_queries as recurring
from app.auto_renewal.bulk_choice import BulkChoice
from app.auto_renewal.forms import Boxes, RecurringForm, read_boxes
from app.auto_renewal.preview import Caution, same_name
from app.auto_renewal.queries import CardOption, ContactOption
from app.auto_renewal.recurring_queries import Late, Survey
from app.billing.models import Card
from app.billing.queries import balance
from app.billing.rules import last_valid_day
from app.db import db
from app.domains import selecting
from app.domains.paying import first_card
from app.lib.ids import public_id
from app.selections.queries import ticks
from app.subscriptions.queries import prices
from app.web.htmx import render
from app.web.listing import Found
from app.web.paths import local_path

LISTED = 50
NAMED = 5


class RecurringPage:
    """The ticked domains of an organization, the form over them, and what confirming would do."""

    def __init__(
        self, organization: Membership, *, boxes: Boxes | None = None, afresh: bool = False
    ) -> None:
        session = db.session()
        self.boxes = boxes or Boxes()
        self.organization = organization
        self.id = organization.organization_id
        self.may_bill = may(Right.BILL, self.id)
        self.ticks = ticks(session, person().sign_in_id, selecting.scope_of(self.id))
        self.contacts: list[ContactOption] = queries.contacts(session, self.id)
        self.cards: list[CardOption] = queries.cards(session, self.id)
        self.form = self._form()
        self.survey: Survey = recurring.survey(
            session, self.id, self.ticks, self.choice, today=today(), prices=prices(session)
        )
        if afresh or not self.form.is_submitted() or "preview" in request.form:
            self.form.version.data = self.survey.seen

    def _form(self) -> RecurringForm:
        form = RecurringForm(data={"nonce": public_id(), "next": request.args.get("next", "")})
        form.billing_contact.choices = [
            SelectChoice(one.public_id, f"{one.name}, {one.city}") for one in self.contacts
        ]
        form.card.choices = [SelectChoice(one.public_id, words.card(one)) for one in self.cards]
        if not form.billing_contact.raw_data and self.contacts:
            form.billing_contact.data = self.contacts[0].public_id
        if not form.card.raw_data and self.cards:
            paying = first_card(db.session(), self.id, today())
            form.card.data = (paying or max(self.cards, key=_is_valid)).public_id
        return form

    @property
    def contact(self) -> ContactOption | None:
        """The contact that the form names."""
        wanted = self.form.billing_contact.data
        return next((one for one in self.contacts if one.public_id == wanted), None)

    @property
    def card(self) -> CardOption | None:
        """The card that the form names."""
        wanted = self.form.card.data
        return next((one for one in self.cards if one.public_id == wanted), None)

    @property
    def choice(self) -> BulkChoice:
        """What the form says; for how long each domain renews stays as it is."""
        contact, card = self.contact, self.card
        return BulkChoice(
            on=True,
            billed_organization_id=self.id,
            names_card=True,
            billing_contact_id=contact.id if contact else None,
            card_id=card.id if card else None,
        )

    @cached_property
    def listed(self) -> Sequence[Found]:
        """The first of the ticked domains; once shown, a domain stays though it is unticked."""
        if self.boxes.listed:
            return recurring.listed(db.session(), self.id, self.ticks, self.boxes.listed)
        return recurring.ticked(db.session(), self.id, self.ticks, LISTED)

    @property
    def unlisted(self) -> int:
        """How many ticked domains are not listed."""
        return self.survey.number - sum(1 for one in self.listed if one.ticked)

    @cached_property
    def stopped(self) -> Sequence[Found]:
        """The first of those that something stands in the way of."""
        if not self.survey.stops:
            return []
        return recurring.stopped(db.session(), self.id, self.ticks, LISTED)

    @cached_property
    def late(self) -> Late:
        """Domains whose charge the chosen card will not live to see (R22)."""
        if self.card is None:
            return Late(0, ())
        last = last_valid_day(self.card.exp_year, self.card.exp_month)
        return recurring.charged_after(
            db.session(), self.id, self.ticks, last, today=today(), most=NAMED
        )

    @cached_property
    def cautions(self) -> list[Caution]:
        """What must be read before confirming (R22)."""
        found = []
        contact, card = self.contact, self.card
        if contact and card and len(self.cards) > 1 and not same_name(card.holder, contact.name):
            found.append(Caution.HOLDER_DIFFERS)
        if self.late.number:
            found.append(Caution.CARD_ENDS_FIRST)
        return found

    @cached_property
    def available(self) -> int:
        """What the wallet can spend, in minor units."""
        return balance(db.session(), self.id, terms().currency).available

    @cached_property
    def paying_card(self) -> Card | None:
        """The card that pays what the wallet lacks, the chosen one if it can be charged."""
        wanted = self.card.id if self.card else None
        return first_card(db.session(), self.id, self.survey.first_charge_on or today(), wanted)

    @property
    def is_charged(self) -> bool:
        """Whether that is the chosen one; one that is too old then has a warning of its own."""
        card, paying = self.card, self.paying_card
        return bool(self.late.number or (card and paying and card.id == paying.id))

    @property
    def missing(self) -> int:
        """What the wallet lacks to renew all of them once."""
        return max(0, self.survey.once - self.available)

    def has_unread_cautions(self) -> bool:
        """Whether there are cautions that the page has not shown yet."""
        return not set(self.cautions) <= set((self.form.accepted.data or "").split(","))

    @property
    def back(self) -> str:
        """The list to go back to, as it was filtered and sorted."""
        home = url_for("domains.index")
        wanted: str | None = local_path(self.form.next.data or "")
        return wanted if wanted and urlsplit(wanted).path == home else home

    def show(self, *, status: int = 200, changed: bool = False) -> Response:
        """The page, or the preview that htmx asks for."""
        return render(
            "auto_renewal/recurring.html",
            block="preview",
            status=status,
            page=self,
            form=self.form,
            survey=self.survey,
            changed=changed,
            why=words.why_stopped,
        )


def _is_valid(card: CardOption) -> bool:
    return last_valid_day(card.exp_year, card.exp_month) >= today()


def boxes_sent() -> Boxes:
    """The boxes of the page's form."""
    return read_boxes(request.form, LISTED)
