"""The form of a renewal by hand."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Regexp

from app.subscriptions.rules import Period


class RenewNowForm(FlaskForm):
    """A period and who pays for it; `shown` is the expiry the page showed, `nonce` its name."""

    period = RadioField(
        _l("Frequency"),
        choices=[
            SelectChoice(Period.MONTHLY.value, _l("Monthly")),
            SelectChoice(Period.YEARLY.value, _l("Yearly")),
        ],
    )
    billed_organization = SelectField(_l("Billed organization"))
    shown = HiddenField(validators=[InputRequired(), Regexp(r"\d{4}-\d\d-\d\d")])
    nonce = HiddenField(validators=[InputRequired(), Length(min=8, max=40), Regexp(r"[a-z0-9]+")])
