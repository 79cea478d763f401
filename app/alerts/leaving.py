"""Leaving a period that began without the law's notice: free of charge, at any time (R17).

The host ends the service and gives the money back; what it owes is written down to the cent.
"""

from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.accounts.models import Organization
from app.alerts.mails import Entry, Letter, letter
from app.alerts.ports import Words
from app.alerts.posting import Occasion, post
from app.alerts.recipients import addresses_of
from app.alerts.tacit import MISSING, ROLES, path_of
from app.alerts.tacit_queries import ASKED, REFUND_WITHIN, Asked, Standing, standing
from app.journal.service import record
from app.operator_tasks.service import close_tasks, open_task
from app.subscriptions.service import choose, current_choice, locked
from app.web.i18n import day, money, speaking
from app.web.state import settings

TASK = "exit_asked"


class NoRight(Exception):
    """No period of this service runs that began without its notice."""


class OtherAmount(Exception):
    """Another amount would be given back than the person saw."""


def ask(session: Session, service: Standing, seen: int, context: Context) -> Asked:
    """Ask the host to end it and to give `seen` back, in minor units; once a period.

    It renews no more, and both sides have it in writing. Raises NoRight, OtherAmount.
    """
    one = locked(session, service.subscription_id)
    now = standing(session, [service.organization_id], service.name, context.today)
    if now is None or now.exit is None:
        raise NoRight
    if now.exit.asked:
        return now.exit.asked
    if now.exit.refund != seen:
        raise OtherAmount
    off = replace(current_choice(one), on=False)
    choose(session, one, off, next_slot_on=None, by=context.by, now=context.now)
    asked = Asked(context.today, seen, context.today + REFUND_WITHIN)
    owed = {"amount": seen, "currency": context.terms.currency, "on": asked.on.isoformat()}
    record(
        session, ASKED, organization_id=one.organization_id, subject=one.subject, by=context.by,
        now=context.now, begins_on=now.exit.begins_on.isoformat(), **owed,
    )  # fmt: skip
    open_task(session, TASK, one.subject, now=context.now, **owed,
              refund_by=asked.refund_by.isoformat())  # fmt: skip
    close_tasks(session, MISSING, subject=one.subject, now=context.now)
    _confirm(session, now, asked, context)
    return asked


def _confirm(session: Session, service: Standing, asked: Asked, context: Context) -> None:
    """By mail, to all who would have had the notice."""
    organization = session.get_one(Organization, service.organization_id)
    addresses = addresses_of(session, [organization.id])
    begins_on = service.exit.begins_on if service.exit else asked.on
    occasion = Occasion(
        f"exit:{service.subscription_id}:{begins_on}", "exit_asked", organization.id, context.by,
        context.now,
    )  # fmt: skip
    for person in addresses.of_roles(ROLES, organization.id):
        with speaking(person.language):
            written = _letter(person.name, organization.name, service, asked)
        post(session, occasion, person, written)


def _letter(name: str, organization: str, service: Standing, asked: Asked) -> Letter:
    words = Words(
        title=_("You asked us to end %(subject)s", subject=service.name),
        what=_(
            "On %(date)s we were asked to end %(subject)s, whose renewal we had not announced in "
            "time. It no longer renews by itself.",
            subject=service.name, date=day(asked.on),
        ),
        until=_(
            "We end it and give back %(amount)s to the wallet that paid, by %(date)s at the "
            "latest.",
            amount=money(asked.refund), date=day(asked.refund_by),
        ),
        after=_("Days that pass until then cost you nothing."),
        action=_("See it"),
    )  # fmt: skip
    link = f"{settings().public_url}{path_of(service.kind, service.name)}"
    return letter(name, organization, [Entry(words, link, boxed=True)])
