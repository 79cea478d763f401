"""Tells that mailboxes have ended: that they expired, are suspended, may be deleted (R4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, String, case, cast, exists, literal, select
from sqlalchemy.orm import Session

from app.accounts.installation import Context, terms
from app.accounts.models import Organization
from app.accounts.rules import Role
from app.alerts.ended_words import tell
from app.alerts.mails import Entry, Letter, letter
from app.alerts.posting import Occasion, post
from app.alerts.recipients import Recipient, addresses_of
from app.db import reading, transaction
from app.db.search import begins_with
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.journal.service import Actor
from app.operator_tasks.service import close_tasks, open_task
from app.outbox.models import Mail
from app.subscriptions.models import Subscription
from app.subscriptions.rules import GRACE_DAYS, SUSPENDED_DAYS, Kind, Status, status_on
from app.web.i18n import speaking
from app.web.state import settings

ROLES = frozenset({Role.OWNER, Role.TECHNICAL})
# Addresses named in one mail, and domains it has a link for; the pages show all.
MOST, MOST_DOMAINS = 50, 5
NOBODY = "mailboxes_without_address"


@dataclass(frozen=True)
class Ended:
    """Mailboxes of an organization that expired on one day, and the stage they have come to."""

    organization_id: int
    expires_on: date
    stage: Status

    @property
    def key(self) -> str:
        """How the keys of all its mails begin: one mail a stage and recipient, for ever (A12)."""
        return f"mailboxes-{self.stage}:{self.organization_id}:{self.expires_on}"


def ended_mailboxes(now: datetime, run_id: int) -> int:
    """Write the mails of all mailboxes that came to another stage; how many groups were told.

    The stage follows from the days, so only the one that is reached is told (A9), and what was
    renewed meanwhile is not found. One transaction each.
    """
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        rows = session.execute(untold(context.today)).all()
    found = [
        Ended(organization_id, ends, status_on(Kind.MAILBOX, ends, context.today))
        for organization_id, ends in rows
    ]
    return sum(_attend(one, context) for one in found)


def untold(today: date) -> Select[int, date]:
    """Organization and day of expiry of mailboxes whose stage nobody was told of, by indexes."""
    groups = (
        select(Subscription.organization_id, Subscription.expires_on)
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(*_ended(Subscription.expires_on <= today))
        .distinct()
        .subquery("ended")
    )
    stage = case(
        (groups.c.expires_on > today - timedelta(days=GRACE_DAYS), Status.GRACE.value),
        (
            groups.c.expires_on > today - timedelta(days=GRACE_DAYS + SUSPENDED_DAYS),
            Status.SUSPENDED.value,
        ),
        else_=Status.DELETABLE.value,
    )
    owner = cast(groups.c.organization_id, String)
    key = literal("mailboxes-") + stage + ":" + owner + ":" + cast(groups.c.expires_on, String)
    told = exists().where(
        Mail.organization_id == groups.c.organization_id, begins_with(Mail.key, key + ":")
    )
    return (
        select(groups.c.organization_id, groups.c.expires_on)
        .where(~told)
        .order_by(groups.c.expires_on, groups.c.organization_id)
    )


def _ended(*which: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    # Every status: days decide, should the job that moves it be late.
    every = Subscription.status.in_(tuple(Status))
    return [every, Subscription.kind == Kind.MAILBOX, *which, Domain.status != DomainStatus.GONE]


def _attend(one: Ended, context: Context) -> int:
    with transaction() as session:
        organization = session.get_one(Organization, one.organization_id)
        boxes = _locked(session, one)
        told = select(exists().where(Mail.organization_id == organization.id,
                                     begins_with(Mail.key, f"{one.key}:")))  # fmt: skip
        if not boxes or session.scalar(told):
            return 0
        people = addresses_of(session, [organization.id]).of_roles(ROLES, organization.id)
        if not people:
            open_task(session, NOBODY, organization.public_id, now=context.now)
            return 0
        close_tasks(session, NOBODY, subject=organization.public_id, now=context.now)
        occasion = Occasion(
            one.key, f"mailboxes_{one.stage}", one.organization_id, context.by, context.now
        )
        for person in people:
            written = _letter(person, organization, one, boxes, context.today)
            post(session, occasion, person, written)
    return 1


def _locked(session: Session, one: Ended) -> list[tuple[str, str]]:
    """Address and domain of each; locked, so that none is renewed while its mail is written."""
    rows = session.execute(
        select(Subscription.subject, Domain.name)
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(
            Subscription.organization_id == one.organization_id,
            *_ended(Subscription.expires_on == one.expires_on),
        )
        .order_by(Domain.name, Subscription.subject)
        .with_for_update(of=Subscription)
    )
    return [(address, domain) for address, domain in rows]


def _letter(
    person: Recipient,
    organization: Organization,
    one: Ended,
    boxes: Sequence[tuple[str, str]],
    today: date,
) -> Letter:
    names = [name for name, _domain in boxes]
    works = one.stage is Status.GRACE and organization.suspended_since is None
    with speaking(person.language):
        (action, link), *more = links(boxes)
        words = tell(one.stage, one.expires_on, names, today, action=action, works=works)
        shown = tuple(names[:MOST]) if len(names) > 1 else ()
        entry = Entry(words, link, names=shown, unnamed=len(names) - MOST, more=tuple(more))
        return letter(person.name, organization.name, [entry])


def links(boxes: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Label and page where they are renewed: the mailbox, or what has expired on each domain."""
    here = settings().public_url
    domains = list(dict.fromkeys(domain for _name, domain in boxes))
    if len(boxes) == 1:
        return [(_("Renew now"), f"{here}/mailboxes/{quote(boxes[0][0], safe='@')}/renew")]
    if len(domains) > MOST_DOMAINS:
        return [(_("Show the domains"), f"{here}/domains?mailboxes=with")]
    return [
        (
            _("Renew on %(domain)s", domain=domain) if domains[1:] else _("Show and renew them"),
            f"{here}/domains/{domain}/mailboxes?expires=expired",
        )
        for domain in domains
    ]
