"""A-5: a card expires soon; nothing is done to it, but it will pay for nothing any more."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, String, cast, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.accounts.rules import Right, Role
from app.alerts.ports import AlertType, Case, Facts, Words
from app.alerts.rules import Delays, Step, around
from app.billing.models import Card
from app.billing.rules import last_month_over_by, last_valid_day
from app.web.i18n import day


class CardExpiry(AlertType):
    """Subject: the card. Cause: its last month, which an updater may change (A15)."""

    name = "card_expiry"
    severity = 4
    roles = frozenset({Role.OWNER, Role.BILLING})
    contacts = True
    right = Right.BILL
    defaults = Delays(opens=30, reminders=(-15, -7, -1, 1))

    def watch(self, today: date, terms: Terms, delays: Delays) -> Select[*tuple[Any, ...]]:
        """Validated cards whose last valid day is at most so many days away, or over."""
        last = last_month_over_by(today + timedelta(days=delays.opens or 0))
        return select(
            Card.id.label("subject_id"),
            (Card.brand + " " + Card.last4).label("subject"),
            Card.organization_id.label("organization_id"),
            (
                Card.public_id + ":" + cast(Card.exp_year, String)
                + "-" + cast(Card.exp_month, String)
            ).label("cause"),
            Card.exp_year.label("exp_year"),
            Card.exp_month.label("exp_month"),
        ).where(
            Card.validated,
            tuple_(Card.exp_year, Card.exp_month) <= tuple_(*last),
        )  # fmt: skip

    def steps(self, facts: Facts, opened_on: date, delays: Delays) -> list[Step]:
        """Around the last valid day."""
        return around(delays.reminders, _last_day(facts), opened_on)

    def resolutions(self, session: Session, subject_ids: Collection[int]) -> dict[int, str]:
        """Removed, or another expiry is known."""
        kept = session.scalars(select(Card.id).where(Card.id.in_(subject_ids), Card.validated))
        return dict.fromkeys(subject_ids, "removed") | dict.fromkeys(kept, "updated")

    def label(self) -> str:
        """See AlertType."""
        return str(_("Card expiry"))

    def words(self, case: Case) -> Words:
        """See AlertType."""
        last, card = _last_day(case.facts), _title(case.subject)
        after = _("An expired card pays for nothing: what renews by itself may not be renewed.")
        action = _("Update or remove the card")
        if case.today > last:
            return Words(
                title=_("The card %(card)s has expired", card=card),
                what=_("The card %(card)s was valid until %(date)s.", card=card, date=day(last)),
                until=_("Add a new card, or remove this one."),
                after=after,
                action=action,
                by=last,
            )
        return Words(
            title=_("The card %(card)s expires on %(date)s", card=card, date=day(last)),
            what=_("The card %(card)s is valid until %(date)s.", card=card, date=day(last)),
            until=_("Update or remove it by %(date)s.", date=day(last)),
            after=after,
            action=action,
            by=last,
        )

    def path(self, subject: str, facts: Facts) -> str:
        """The page of the cards."""
        return "/billing/cards"


def _title(subject: str) -> str:
    brand, _space, last4 = subject.rpartition(" ")
    return f"{brand.capitalize()} •••• {last4}"


def _last_day(facts: Facts) -> date:
    return last_valid_day(facts["exp_year"], facts["exp_month"])
