"""Forms of forwardings: shapes and messages."""

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from app.mailboxes.rules import LOCAL_PART_LENGTH, MAX_DESTINATIONS, is_local_part, without_repeats
from app.web.texts import mail_address

# Fifty addresses of the longest kind.
TEXT_LENGTH = 13_000
# A message quotes no more than this of what was wrong.
QUOTED = 3
QUOTED_LENGTH = 60
_BETWEEN = re.compile(r"[\s,;]+")


def _tidy(text: str | None) -> str:
    return (text or "").strip().lower()


def addresses_in(text: str) -> list[str]:
    """What stands on each line; commas and semicolons part addresses as well."""
    return without_repeats([part for part in _BETWEEN.split(text) if part])


class DestinationsForm(FlaskForm):
    """Where mail is passed on to; `addresses` holds them once the form is valid."""

    destinations = TextAreaField(
        _l("Destinations"),
        [
            InputRequired(_l("Enter at least one e-mail address.")),
            Length(max=TEXT_LENGTH, message=_l("This is too long.")),
        ],
    )

    addresses: list[str]

    def validate_destinations(self, field: Field) -> None:
        """Each line must be an address, and there must be some but not too many."""
        written = addresses_in(field.data)
        if not written:
            raise ValidationError(_("Enter at least one e-mail address."))
        if len(written) > MAX_DESTINATIONS:
            raise ValidationError(_("Enter at most %(count)s addresses.", count=MAX_DESTINATIONS))
        found = {one: mail_address(one) for one in written}
        wrong = [one[:QUOTED_LENGTH] for one in written if found[one] is None]
        if wrong:
            quoted = ", ".join(wrong[:QUOTED]) + (", …" if len(wrong) > QUOTED else "")
            raise ValidationError(_("Not an e-mail address: %(addresses)s", addresses=quoted))
        self.addresses = without_repeats([one for one in found.values() if one])


class NewForwardingForm(DestinationsForm):
    """A new forwarding: also its own address, of which the domain is given."""

    local = StringField(
        _l("Address"),
        [
            InputRequired(_l("Enter the part before the @.")),
            Length(max=LOCAL_PART_LENGTH, message=_l("This is too long.")),
        ],
        filters=[_tidy],
    )

    def keep_local_part(self, domain: str) -> None:
        """Forgive who typed the whole address."""
        self.local.data = self.local.data.removesuffix(f"@{domain}")

    def validate_local(self, field: Field) -> None:
        """Letters that every mail program can send to."""
        if not is_local_part(field.data):
            raise ValidationError(
                _("Use letters without accents, digits, and . _ + - between them.")
            )
