"""The forms of paying in: an amount and by what; and the automatic top-up."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Regexp, ValidationError

from app.accounts.installation import terms
from app.billing import words
from app.billing.auto_top_up import AutoTopUp
from app.billing.means import TRANSFER
from app.billing.rules import MAX_TOP_UP, MIN_CHARGE
from app.lib.amounts import BadAmount, Slip, typed
from app.web.i18n import money


class AmountField(StringField):
    """An amount as people type it; `minor` is what it means, once validated."""

    minor: Any = None

    def __init__(self, label: str, *, zero: bool = False, most: int = MAX_TOP_UP, **more: object):
        super().__init__(label, **more)
        self.zero, self.most = zero, most

    def pre_validate(self, form: Form) -> None:
        """WTForms calls this first; what is typed stays in `data`."""
        currency = terms().currency
        try:
            self.minor = typed(self.data or "", currency, self.most)
        except BadAmount as refused:
            if refused.slip is Slip.ZERO and self.zero:
                self.minor = 0
                return
            raise ValidationError(words.bad_amount(refused.slip, currency, self.most)) from None


class TopUpForm(FlaskForm):
    """How much, and by what; `nonce` names the form, so that sending it twice is one payment.

    `organization` is whose wallet it is; the choices are its own cards, so that no foreign one
    gets in.
    """

    organization = HiddenField()
    amount = AmountField(_l("Amount"))
    means = RadioField(
        _l("Pay by"), invalid_choice_message=_l("Choose one of the ways to pay in the list.")
    )
    nonce = HiddenField(validators=[InputRequired(), Length(min=8, max=40), Regexp(r"[a-z0-9]+$")])

    def validate_amount(self, field: Field) -> None:
        """WTForms calls this for `amount`: less is not charged to a card (R13b)."""
        if self.means.data != TRANSFER and field.minor is not None and field.minor < MIN_CHARGE:
            least = money(MIN_CHARGE, terms().currency)
            raise ValidationError(_("By card, the least is %(least)s.", least=least))

    def offer(self, choices: Sequence[SelectChoice]) -> None:
        """What may be chosen; the first is chosen already."""
        self.means.choices = list(choices)
        known = {choice.value for choice in choices}
        if choices and not self.is_submitted() and self.means.data not in known:
            self.means.data = choices[0].value


class AutoTopUpForm(FlaskForm):
    """Below which balance the card is charged, and up to which; `organization` is whose wallet."""

    organization = HiddenField()
    below = AmountField(_l("When the balance falls below"), zero=True)
    to = AmountField(_l("Top up to"))

    def validate_to(self, field: Field) -> None:
        """WTForms calls this for `to`: a top-up must lift the balance above its threshold."""
        if None not in (field.minor, self.below.minor) and field.minor <= self.below.minor:
            raise ValidationError(
                _l("This must be more than the balance at which the card is charged.")
            )

    def wanted(self) -> AutoTopUp:
        """What was entered, once validated."""
        return AutoTopUp(self.below.minor, self.to.minor)
