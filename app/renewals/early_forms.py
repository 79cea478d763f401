"""The forms of an early renewal: for how many years, and how its proforma is paid."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, Regexp

WALLET = "wallet"


class EarlyForm(FlaskForm):
    """Years for all ticked domains; `version` names the domains that the page counted."""

    years = SelectField(
        _l("Years"),
        coerce=int,
        invalid_choice_message=_l("Choose one of the years in the list."),
    )
    version = HiddenField(validators=[InputRequired()])


class PayForm(FlaskForm):
    """By what a proforma is paid; `nonce` names the form, so that sending it twice is once."""

    means = RadioField(
        _l("Pay by"), invalid_choice_message=_l("Choose one of the ways to pay in the list.")
    )
    nonce = HiddenField(validators=[InputRequired(), Length(min=8, max=40), Regexp(r"[a-z0-9]+$")])
