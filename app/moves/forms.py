"""The form that asks for a move."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField
from wtforms.validators import InputRequired, Length


class AskForm(FlaskForm):
    """Which move, and how often it had been tried when the page was made."""

    move = HiddenField(validators=[InputRequired(), Length(max=64)])
    tries = IntegerField(validators=[InputRequired()])
