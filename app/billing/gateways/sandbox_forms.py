"""The form of the sandbox gateway's page: it asks how a card is to behave, never for a number."""

from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from app.billing.gateways.sandbox_bank import BEHAVIOURS
from app.billing.gateways.sandbox_pages import Choice
from app.web.texts import tidy

_YEARS = 10
_SAID = {
    "ok": _l("Good card"),
    "declined": _l("Declined: not enough money on it today"),
    "stolen": _l("Reported stolen: refused for good"),
    "sca": _l("The bank asks its holder to confirm each payment"),
    "timeout": _l("Pays, but the bank’s answer is lost"),
    "down": _l("The bank cannot be reached"),
}


class MadeUpCardForm(FlaskForm):
    """A card that a customer makes up."""

    behaviour = RadioField(
        _l("How this card behaves"),
        choices=[SelectChoice(code, _SAID[code]) for code in BEHAVIOURS],
        default="ok",
    )
    holder = StringField(
        _l("Card holder"),
        [DataRequired(_l("Enter the card holder’s name.")), Length(max=120)],
        filters=[tidy],
    )
    month = SelectField(
        _l("Valid until: month"), choices=[SelectChoice(n, f"{n:02}") for n in range(1, 13)],
        coerce=int,
    )  # fmt: skip
    year = SelectField(_l("Valid until: year"), coerce=int)

    def offer_years(self, today: date) -> None:
        """This year and the next ten; at first, the card is good for three."""
        self.today = today
        years = range(today.year, today.year + _YEARS + 1)
        self.year.choices = [SelectChoice(year, str(year)) for year in years]
        if not self.is_submitted():
            self.month.data, self.year.data = today.month, today.year + 3

    def validate_month(self, field: Field) -> None:
        """WTForms calls this for `month`: no bank issues a card that has ended."""
        if (self.year.data, field.data) < (self.today.year, self.today.month):
            raise ValidationError(_l("This month is over: choose a later one."))

    def choice(self) -> Choice:
        """What was entered."""
        return Choice(
            self.behaviour.data, self.holder.data, self.month.data, self.year.data
        )  # fmt: skip
