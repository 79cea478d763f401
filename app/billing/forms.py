"""The form of a billing contact."""

import re

from babel import Locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Length, ValidationError

from app.billing.contacts import Details
from app.web.i18n import language
from app.web.texts import tidy

# Not the unknown country, nor the two pseudo-countries for testing translations.
_COUNTRY = "(?!ZZ|X[AB])[A-Z]{2}"


def _compact(text: str | None) -> str:
    return re.sub(r"[\s.\-]", "", text or "").upper()


def _countries() -> list[SelectChoice]:
    """Countries by name; regions of the world have digits, and ZZ is no country."""
    names = Locale(language()).territories
    found = [(code, names[code]) for code in names if re.fullmatch(_COUNTRY, str(code))]
    return [SelectChoice(code, name) for code, name in sorted(found, key=lambda one: one[1])]


def _required(label: str) -> list[object]:
    return [DataRequired(label)]


class ContactForm(FlaskForm):
    """Name, address and VAT id of a billing contact."""

    name = StringField(
        _l("Name"), [*_required(_l("Enter a name.")), Length(max=120)], filters=[tidy]
    )
    address = StringField(
        _l("Street address"),
        [*_required(_l("Enter a street address.")), Length(max=200)],
        filters=[tidy],
    )
    postcode = StringField(
        _l("Postcode"), [*_required(_l("Enter a postcode.")), Length(max=20)], filters=[tidy]
    )
    city = StringField(
        _l("City"), [*_required(_l("Enter a city.")), Length(max=100)], filters=[tidy]
    )
    country = SelectField(_l("Country"), choices=_countries)
    vat_id = StringField(_l("VAT number"), filters=[_compact])
    email = StringField(
        _l("E-mail"),
        [
            *_required(_l("Enter an e-mail address.")),
            Length(max=254),
            Email(_l("This is not an e-mail address.")),
        ],
        filters=[tidy],
    )
    default = BooleanField(_l("Use for everything that names no other contact"))

    def validate_vat_id(self, field: Field) -> None:
        """WTForms calls this for `vat_id`: country prefix and 2 to 13 signs, where there is one."""
        if field.data and not re.fullmatch(r"[A-Z]{2}[0-9A-Z+*]{2,13}", field.data):
            raise ValidationError(
                _l("A VAT number begins with two letters for the country, as in FR40303265045.")
            )

    def details(self) -> Details:
        """What was entered."""
        return Details(
            name=self.name.data,
            address=self.address.data,
            postcode=self.postcode.data,
            city=self.city.data,
            country=self.country.data,
            vat_id=self.vat_id.data or None,
            email=self.email.data,
        )
