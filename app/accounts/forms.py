"""Forms of people and organizations: shapes and messages."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

EMAIL_LENGTH = 254
# Longer ones would only make the server work (threat 25).
PASSWORD_LENGTH = 200


def _lower(text: str | None) -> str:
    return (text or "").strip().lower()


class SignInForm(FlaskForm):
    """E-mail address and password."""

    email = StringField(
        _l("E-mail"),
        [InputRequired(_l("Enter your e-mail address.")), Length(max=EMAIL_LENGTH)],
        filters=[_lower],
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Enter your password.")), Length(max=PASSWORD_LENGTH)],
    )
