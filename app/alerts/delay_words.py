"""What other delays of a type of alert would do, and the delays themselves, in words."""

from flask_babel import gettext as _
from flask_babel import ngettext

from app.alerts.delays import Effect
from app.alerts.ports import AlertType
from app.alerts.rules import SANCTION


def told(kind: AlertType, effect: Effect) -> list[str]:
    """What would happen at the next tick, a sentence each; one that says so if nothing would."""
    sentences = {
        ngettext("%(num)d alert opens.", "%(num)d alerts open.", effect.opening): effect.opening,
        ngettext(
            "%(num)d alert is resolved: it would not have opened yet.",
            "%(num)d alerts are resolved: they would not have opened yet.",
            effect.resolving,
        ): effect.resolving,
        ngettext(
            "%(num)d person gets a mail, at most.",
            "%(num)d people get a mail, at most.",
            effect.told,
        ): effect.told,
        ngettext(
            "The deadline of %(num)d open alert comes sooner.",
            "The deadlines of %(num)d open alerts come sooner.",
            effect.sooner,
        ): effect.sooner,
        ngettext(
            "The deadline of %(num)d open alert comes later.",
            "The deadlines of %(num)d open alerts come later.",
            effect.later,
        ): effect.later,
        _due(kind, effect.due): effect.due,
    }
    return [one for one, number in sentences.items() if number] or [
        _("Nothing changes for the alerts that are open now.")
    ]


def _due(kind: AlertType, number: int) -> str:
    if kind.guard == SANCTION:
        sentence = ngettext(
            "%(num)d organization is suspended, if it was warned in time.",
            "%(num)d organizations are suspended, those that were warned in time.",
            number,
        )
    else:
        sentence = ngettext(
            "%(num)d alert reaches its deadline.", "%(num)d alerts reach their deadline.", number
        )
    return str(sentence)


def days(numbers: tuple[int, ...]) -> str:
    """Days of reminders as people write them, and as the form takes them."""
    return ", ".join(str(day) for day in numbers)
