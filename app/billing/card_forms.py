"""The forms of cards: one on its way, and one that is there."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from app.web.texts import tidy


class NewCardForm(FlaskForm):
    """Whose card, and whether it is charged by itself; `nonce` lets the form act once."""

    organization = HiddenField()
    auto_debit = BooleanField(_l("Auto-debit"))
    nonce = HiddenField(validators=[InputRequired(), Length(min=8, max=40), Regexp(r"[a-z0-9]+$")])


class CardForm(FlaskForm):
    """What the customer calls a card, and whether it is charged by itself."""

    label = StringField(
        _l("Name of the card"),
        [Length(max=60, message=_l("Enter at most 60 characters."))],
        filters=[tidy],
    )
    auto_debit = BooleanField(_l("Auto-debit"))
