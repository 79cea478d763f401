"""The notice of a tacit renewal that French law wants: alone in its mail, and in time (R17)."""

from datetime import date, datetime
from typing import assert_never
from urllib.parse import quote

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from app.accounts.installation import Context, terms
from app.accounts.models import Organization
from app.accounts.rules import Role
from app.alerts.mails import Entry, Letter, letter
from app.alerts.ports import Words
from app.alerts.posting import Occasion, post
from app.alerts.recipients import addresses_of
from app.alerts.rules import TACIT_LEAD, Tacit, tacit_notice
from app.db import reading, transaction
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.journal.service import Actor, record
from app.lib.dates import add_months
from app.operator_tasks.service import open_task
from app.outbox.models import Mail
from app.outbox.rules import MailState
from app.renewals.rules import first_attempt_day
from app.subscriptions.models import Subscription
from app.subscriptions.notice_models import TacitNotice, TacitNoticeMail
from app.subscriptions.queries import prices
from app.subscriptions.rules import Kind, Status
from app.subscriptions.service import locked
from app.web.i18n import day, money, speaking
from app.web.state import settings

# Shorter periods are sold as open-ended: they can be ended at any month's end (R17).
FIXED_TERM_MONTHS = 12
ROLES = frozenset({Role.OWNER, Role.BILLING})
MISSING = "tacit_notice_missing"


def tacit_notices(now: datetime, run_id: int) -> int:
    """Send what is due at `now`, or write down that it is too late; how many, if the host wants.

    One transaction each.
    """
    if not settings().tacit_renewal_notice:
        return 0
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        todo = _due(session, context.today)
    return sum(_attend(subscription_id, context) for subscription_id in todo)


def tacit_proofs(now: datetime, run_id: int) -> int:
    """Write down which notices arrived nowhere though their time is over; how many (R17).

    A mail that was refused, or that came back, has told nobody.
    """
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        todo = session.scalars(select(TacitNotice.id).where(*_without_proof(context.today))).all()
    return sum(_is_missing(notice_id, context) for notice_id in todo)


def _without_proof(today: date) -> tuple[ColumnElement[bool], ...]:
    """Of renewals that may still be refused; the day after the window the proof is complete."""
    mails = exists().where(TacitNoticeMail.notice_id == TacitNotice.id)
    arrived = mails.where(Mail.id == TacitNoticeMail.mail_id, Mail.state == MailState.SENT)
    return (
        TacitNotice.notice_missing.is_(False),
        TacitNotice.refuse_by >= today,
        TacitNotice.refuse_by < add_months(today, 1),
        mails,
        ~arrived,
    )


def _is_missing(notice_id: int, context: Context) -> bool:
    with transaction() as session:
        notice = session.scalars(
            select(TacitNotice)
            .where(TacitNotice.id == notice_id, *_without_proof(context.today))
            .with_for_update()
        ).one_or_none()
        if notice is None:
            return False
        notice.notice_missing = True
        subject = session.get_one(Subscription, notice.subscription_id).subject
        open_task(session, MISSING, subject, now=context.now)
    return True


def _due(session: Session, today: date) -> list[int]:
    return list(
        session.scalars(
            select(Subscription.id)
            .join(Domain, Domain.id == Subscription.domain_id)
            .where(
                Subscription.status == Status.ACTIVE,
                or_(*(_first_attempt_within(kind, today) for kind in Kind)),
                Subscription.auto_renewal,
                Subscription.period_months >= FIXED_TERM_MONTHS,
                Domain.status == DomainStatus.ACTIVE,
                ~_is_noted(),
            )
            .order_by(Subscription.expires_on, Subscription.id)
        )
    )


def _is_noted() -> ColumnElement[bool]:
    return exists().where(
        TacitNotice.subscription_id == Subscription.id,
        TacitNotice.expires_on == Subscription.expires_on,
    )


def _first_attempt_within(kind: Kind, today: date) -> ColumnElement[bool]:
    first = today + (today - first_attempt_day(kind, today))
    ends = Subscription.expires_on.between(first, first + TACIT_LEAD)
    return and_(Subscription.kind == kind, ends)


def _attend(subscription_id: int, context: Context) -> int:
    with transaction() as session:
        one = locked(session, subscription_id)
        still = select(Subscription.id).where(Subscription.id == one.id, ~_is_noted())
        if not one.auto_renewal or session.scalar(still) is None:
            return 0
        since = one.auto_renewal_since
        chosen_on = context.terms.today(since) if since else date.min
        refuse_by = first_attempt_day(one.kind, one.expires_on)
        match tacit_notice(refuse_by, chosen_on, context.today):
            case Tacit.SEND:
                return _send(session, one, refuse_by, context)
            case Tacit.MISSING:
                _note(session, one, refuse_by, context).notice_missing = True
                open_task(session, MISSING, one.subject, now=context.now)
            case Tacit.NOT_OWED:
                _note(session, one, refuse_by, context)
            case Tacit.WAIT:
                return 0
            case never:
                assert_never(never)
    return 1


def _note(session: Session, one: Subscription, refuse_by: date, context: Context) -> TacitNotice:
    notice = TacitNotice(
        subscription_id=one.id, expires_on=one.expires_on, refuse_by=refuse_by, price=None,
        notice_missing=False, at=context.now,
    )  # fmt: skip
    session.add(notice)
    return notice


def _send(session: Session, one: Subscription, refuse_by: date, context: Context) -> int:
    extension = session.scalars(select(Domain.extension).where(Domain.id == one.domain_id)).one()
    price = prices(session).to_pay(
        one.kind, extension, one.renewal_months, one.announced_price, one.announced_months
    )
    addresses = addresses_of(session, [one.organization_id])
    people = addresses.of_roles(ROLES, one.organization_id)
    if price is None or not people:
        # Without a price or an address there is nothing to send; in the end it will be missing.
        return 0
    notice = _note(session, one, refuse_by, context)
    notice.price = price
    # It carries a price, so that is what the renewal costs at most (R16).
    one.announced_price, one.announced_months = price, one.renewal_months
    session.flush()
    organization = session.get_one(Organization, one.organization_id).name
    occasion = Occasion(
        f"tacit:{one.id}:{one.expires_on.isoformat()}", "tacit_notice", one.organization_id,
        context.by, context.now,
    )  # fmt: skip
    for person in people:
        with speaking(person.language):
            written = _letter(person.name, organization, one, notice)
        mail_id = post(session, occasion, person, written)
        session.add(TacitNoticeMail(notice_id=notice.id, recipient=person.email, mail_id=mail_id))
    record(
        session, "renewal.announced", organization_id=one.organization_id, subject=one.subject,
        by=context.by, now=context.now, refuse_by=refuse_by.isoformat(), price=price,
        expires_on=one.expires_on.isoformat(),
    )  # fmt: skip
    return 1


def _letter(name: str, organization: str, one: Subscription, notice: TacitNotice) -> Letter:
    """What the law wants said, its last day in a box that catches the eye."""
    words = Words(
        title=_("%(subject)s renews on its own: you may refuse", subject=one.subject),
        what=_(
            "%(subject)s is paid for until %(date)s and renews by itself, for %(months)s months at "
            "%(price)s.",
            subject=one.subject, date=day(one.expires_on), months=one.renewal_months,
            price=money(notice.price or 0),
        ),
        until=_(
            "You may refuse this renewal, free of charge, until %(date)s.",
            date=day(notice.refuse_by),
        ),
        after=_("If you do nothing, it renews. This notice is required by French consumer law "
                "(article L. 215-1 of the Code de la consommation)."),
        action=_("Keep or refuse the renewal"),
    )  # fmt: skip
    link = f"{settings().public_url}{path_of(one.kind, one.subject)}/auto-renewal"
    return letter(name, organization, [Entry(words, link, boxed=True)])


def path_of(kind: Kind, name: str) -> str:
    """The address of a service's own page."""
    return f"/{'domains' if kind is Kind.DOMAIN else 'mailboxes'}/{quote(name, safe='@')}"
