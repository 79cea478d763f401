"""Forms of auto-renewal: shapes and messages.

Their fields are all that a person can change, and their lists hold only what was offered to this
person, so that no foreign id gets in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Form, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Regexp

from app.billing.top_up_forms import AmountField
from app.subscriptions.rules import Period

_PERIODS = [
    SelectChoice(Period.MONTHLY.value, _l("Monthly")),
    SelectChoice(Period.YEARLY.value, _l("Yearly")),
]


class ChoiceForm(FlaskForm):
    """What mailboxes and domains have in common.

    `version` names the choice that the page showed, `accepted` the cautions it showed, and `next`
    the list to go back to.
    """

    on = BooleanField(_l("Auto-renewal"))
    billed_organization = SelectField(
        _l("Billed organization"),
        invalid_choice_message=_l("Choose one of the organizations in the list."),
    )
    # From the form alone: a default of ours would agree with itself.
    version = HiddenField(validators=[InputRequired()])
    accepted = HiddenField()
    next = HiddenField()


class MailboxChoiceForm(ChoiceForm):
    """A mailbox renews for a month or a year; its domain may be switched on with it."""

    period = RadioField(
        _l("Frequency"),
        choices=_PERIODS,
        invalid_choice_message=_l("Choose Monthly or Yearly."),
    )
    domain_too = BooleanField()


class BulkForm(MailboxChoiceForm):
    """A choice for all ticked mailboxes: `version` names the rows that the page counted.

    Where they differ, no frequency is chosen at first; switching off needs none.
    """

    period = RadioField(_l("Frequency"), choices=_PERIODS, validate_choice=False)

    nonce = HiddenField(validators=[InputRequired(), Length(min=8, max=40), Regexp(r"[a-z0-9]+$")])


class DomainChoiceForm(ChoiceForm):
    """A domain renews for whole years, and names the contact and card of its payer (R22)."""

    years = SelectField(
        _l("Years"), invalid_choice_message=_l("Choose one of the years in the list.")
    )
    billing_contact = SelectField(
        _l("Billing contact"),
        invalid_choice_message=_l(
            "Choose a billing contact of the billed organization, from the list."
        ),
    )
    card = SelectField(
        _l("Card"),
        invalid_choice_message=_l("Choose a card of the billed organization, from the list."),
    )


class LimitField(AmountField):
    """An amount, or nothing at all."""

    def pre_validate(self, form: Form) -> None:
        """WTForms calls this first; an empty field is None in `minor`."""
        if (self.data or "").strip():
            super().pre_validate(form)


class LimitForm(FlaskForm):
    """The price above which one service does not renew by itself; `next` is the list behind."""

    limit = LimitField(_l("Do not renew above"))
    next = HiddenField()


class RecurringForm(FlaskForm):
    """One contact and card for all ticked domains: `version` names the rows that were counted.

    `accepted` and `next` are those of `ChoiceForm`, `nonce` that of `BulkForm`.
    """

    billing_contact = SelectField(
        _l("Billing contact"),
        invalid_choice_message=_l(
            "Choose a billing contact of the billed organization, from the list."
        ),
    )
    card = SelectField(
        _l("Card"),
        invalid_choice_message=_l("Choose a card of the billed organization, from the list."),
    )
    # From the form alone: a default of ours would agree with itself.
    version = HiddenField(validators=[InputRequired()])
    accepted = HiddenField()
    nonce = HiddenField(validators=[InputRequired(), Length(min=8, max=40), Regexp(r"[a-z0-9]+$")])
    next = HiddenField()


@dataclass(frozen=True)
class Boxes:
    """The boxes of the recurring page, by ids of domains: those listed, and those left ticked.

    `counted` of them were ticked when the page counted. A form without boxes has none of all.
    """

    listed: frozenset[int] = frozenset()
    counted: frozenset[int] = frozenset()
    ticked: frozenset[int] = frozenset()

    @property
    def on(self) -> frozenset[int]:
        """What was ticked since the page counted."""
        return self.ticked - self.counted

    @property
    def off(self) -> frozenset[int]:
        """What was unticked since."""
        return self.counted - self.ticked


def read_boxes(sent: Mapping[str, str], most: int) -> Boxes:
    """What a form says of its boxes, at most so many; nonsense is left out."""
    listed = _ids(sent.get("listed", "").split(",")[:most])
    counted = _ids(sent.get("counted", "").split(",")) & listed
    return Boxes(listed, counted, frozenset(one for one in listed if f"domain-{one}" in sent))


def _ids(texts: list[str]) -> frozenset[int]:
    # Longer numbers are no ids, and no number that a database takes.
    return frozenset(
        int(one) for one in texts if one.isascii() and one.isdecimal() and len(one) < 10
    )
