"""Forms of alerts: which reminders somebody wants, and what a list shows."""

from collections.abc import Mapping

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Regexp

from app.alerts.queries import AlertFilter
from app.alerts.types import types

PAST = "past"


def read_filter(args: Mapping[str, str]) -> AlertFilter:
    """What an address asks for; a type that does not exist is as if not there."""
    name = args.get("type", "")
    return AlertFilter(args.get("show") == PAST, name if name in types() else "")


class RemindersForm(FlaskForm):
    """The types of which somebody wants optional reminders."""

    reminders = SelectMultipleField(
        choices=lambda: [SelectChoice(name, kind.label()) for name, kind in types().items()]
    )


class LeaveForm(FlaskForm):
    """To leave: `refund` is what the page said is given back, in minor units."""

    refund = HiddenField(validators=[InputRequired(), Regexp(r"\d{1,12}")])
