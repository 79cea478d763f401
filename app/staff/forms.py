"""Forms of the operator."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.web.texts import tidy


class CodeForm(FlaskForm):
    """A code of the second factor; people write it with a space in the middle."""

    code = StringField(_l("Code"), [InputRequired(_l("Enter the code.")), Length(max=20)])


class VisitForm(FlaskForm):
    """Why an operator looks at a customer's pages; the customer reads it."""

    reason = StringField(
        _l("Reason"),
        [DataRequired(_l("Say why: the customer will read it.")), Length(max=200)],
        filters=[tidy],
    )


class SendAnewForm(FlaskForm):
    """How often a mail had been tried when the page was made."""

    tries = IntegerField(validators=[InputRequired()])
