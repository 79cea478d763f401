"""Forms of the operator."""

import re
from dataclasses import replace

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Regexp, ValidationError

from app.alerts.delay_words import days
from app.alerts.ports import AlertType
from app.alerts.rules import Delays
from app.moves.service import Announcement
from app.web.texts import tidy, tidy_lines


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


class DelaysForm(FlaskForm):
    """The delays that a type of alert has; `seen` is what its preview showed."""

    opens = IntegerField(_l("Opens"), [InputRequired(_l("Enter a number of days."))])
    reminders = StringField(_l("Reminders"), [Length(max=200)], filters=[tidy])
    expires = IntegerField(_l("Expires"), [InputRequired(_l("Enter a number of days."))])
    seen = HiddenField()

    @classmethod
    def of(cls, kind: AlertType, shown: Delays | None = None) -> "DelaysForm":
        """What was sent, or those to show; without the fields that the type has not."""
        values = shown and {
            "opens": shown.opens, "reminders": days(shown.reminders), "expires": shown.expires,
        }  # fmt: skip
        form = cls(formdata=None, data=values) if values else cls()
        for name in ("opens", "expires"):
            if getattr(kind.defaults, name) is None:
                del form[name]
        return form

    def validate_reminders(self, field: Field) -> None:
        """WTForms calls this for `reminders`."""
        if not re.fullmatch(r"([-+−]?\d{1,6}([ ,;]+|$))*", field.data):
            raise ValidationError(_l("Write days separated by commas, such as 3, 7, 14."))

    def delays(self) -> Delays:
        """What was entered, each day once, in order."""
        text = self.reminders.data.replace("−", "-")
        return Delays(
            opens=self.opens.data if self.opens else None,
            reminders=tuple(sorted({int(day) for day in re.findall(r"[-+]?\d+", text)})),
            expires=self.expires.data if self.expires else None,
        )

    def blame(self, kind: AlertType, refused: ValueError) -> None:
        """Put what the type says against these delays at the field that it is about."""
        wanted = self.delays()
        for name in ("opens", "expires", "reminders"):
            try:
                kind.check(replace(wanted, **{name: getattr(kind.defaults, name)}))
            except ValueError:
                continue
            self[name].errors = [str(refused)]
            return
        self.form_errors.append(str(refused))


class AnnounceForm(FlaskForm):
    """A move to announce for one account; `name` becomes its own, so that it is announced once."""

    name = HiddenField(validators=[InputRequired(), Length(min=8, max=40), Regexp(r"[a-z0-9]+$")])
    account = StringField(
        _l("Hosting account"),
        [DataRequired(_l("Enter the name of a hosting account.")), Length(max=64)],
        filters=[tidy],
    )
    title = StringField(
        _l("Title"),
        [DataRequired(_l("Say in a few words what it is.")), Length(max=200)],
        filters=[tidy],
    )
    due_on = DateField(_l("Date"), [InputRequired(_l("Choose a day."))])
    description = TextAreaField(_l("Description"), [Length(max=2000)], filters=[tidy_lines])
    changes = TextAreaField(_l("What will change"), [Length(max=2000)], filters=[tidy_lines])

    def announcement(self) -> Announcement:
        """What was entered."""
        return Announcement(
            self.title.data, self.due_on.data, self.description.data, self.changes.data
        )


class TriesForm(FlaskForm):
    """How often something had been tried when the page was made, so that two clicks are one."""

    tries = IntegerField(validators=[InputRequired()])
