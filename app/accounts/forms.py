"""Forms of people and organizations: shapes and messages."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, ValidationError

from app.accounts.rules import PASSWORD_LENGTHS, Role, is_guessable
from app.accounts.words import role_explained, role_name
from app.web.texts import tidy

EMAIL_LENGTH = 254
# Longer ones would only make the server work (threat 25).
PASSWORD_LENGTH = PASSWORD_LENGTHS[1]
LANGUAGES = [SelectChoice("en", "English"), SelectChoice("fr", "Français")]


def _lower(text: str | None) -> str:
    return (text or "").strip().lower()


def _roles() -> list[SelectChoice]:
    return [
        SelectChoice(role.value, f"{role_name(role)} – {role_explained(role)}") for role in Role
    ]


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


class _NewPassword(FlaskForm):
    """What all forms with a new password share: its length, and that nobody guesses it."""

    _known: tuple[str, ...] = ()

    def of(self, *known: str) -> None:
        """Tell what is known of the person, which must not be the password."""
        self._known = known

    def refuse_guessable(self, field: Field) -> None:
        """Raise ValidationError for a password that others would try first."""
        if is_guessable(field.data, *self._known):
            raise ValidationError(_l("This password is too easy to guess. Choose another one."))


NEW_PASSWORD = [
    InputRequired(_l("Choose a password.")),
    Length(*PASSWORD_LENGTHS, message=_l("Choose a password of 10 characters or more, up to 200.")),
]


class ForgottenForm(FlaskForm):
    """The address to send a link to."""

    email = StringField(
        _l("E-mail"),
        [
            InputRequired(_l("Enter your e-mail address.")),
            Length(max=EMAIL_LENGTH),
            Email(_l("This is not an e-mail address.")),
        ],
        filters=[_lower],
    )


class ChoosePasswordForm(_NewPassword):
    """A new password; people who are new also say their name."""

    name = StringField(_l("Your name"), [Length(max=120)], filters=[tidy])
    password = PasswordField(_l("New password"), NEW_PASSWORD)

    def validate_password(self, field: Field) -> None:
        """WTForms calls this for `password`."""
        self.refuse_guessable(field)


class ChangePasswordForm(_NewPassword):
    """The present password, and a new one."""

    current = PasswordField(
        _l("Current password"),
        [InputRequired(_l("Enter your current password.")), Length(max=PASSWORD_LENGTH)],
    )
    password = PasswordField(_l("New password"), NEW_PASSWORD)

    def validate_password(self, field: Field) -> None:
        """WTForms calls this for `password`."""
        self.refuse_guessable(field)


class ProfileForm(FlaskForm):
    """Name and language."""

    name = StringField(
        _l("Name"), [DataRequired(_l("Enter your name.")), Length(max=120)], filters=[tidy]
    )
    language = SelectField(_l("Language"), choices=LANGUAGES)


class MemberForm(FlaskForm):
    """A person to add to an organization."""

    email = StringField(
        _l("E-mail"),
        [
            InputRequired(_l("Enter an e-mail address.")),
            Length(max=EMAIL_LENGTH),
            Email(_l("This is not an e-mail address.")),
        ],
        filters=[_lower],
    )
    role = SelectField(_l("Role"), choices=_roles, default=Role.TECHNICAL.value)


class RoleForm(FlaskForm):
    """Another role for a member."""

    role = SelectField(_l("Role"), choices=[role.value for role in Role])


class OrganizationForm(FlaskForm):
    """The name of an organization."""

    name = StringField(
        _l("Name"), [DataRequired(_l("Enter a name.")), Length(max=120)], filters=[tidy]
    )
