"""The state that mailboxes and forwardings shall be in, and the job that tells the mail server."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, case, delete, select, update
from sqlalchemy.orm import Session

from app.accounts.models import Organization, Suspension
from app.db import insert_once, reading, transaction
from app.domains.models import Domain
from app.mailboxes.models import (
    FollowedSuspension,
    Forwarding,
    ForwardingDestination,
    Mailbox,
    RemovedAddress,
)
from app.mailboxes.ports import ForwardingState, MailboxState, NoAddress, Wanted, mail_server
from app.mailboxes.rules import wanted_state
from app.service_states.flows import Source, converge
from app.service_states.ports import Answer
from app.service_states.rules import ServiceState
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Status

SERVER = "mail"


def follow_subscriptions(session: Session, ids: Collection[int]) -> None:
    """Want mailboxes in the state that the new status of their subscriptions asks for (R4)."""
    _follow_mailboxes(session, Subscription.id.in_(ids))


def follow_everything(session: Session) -> None:
    """Want all mailboxes and forwardings in the state that they should be in, by two statements."""
    _follow_mailboxes(session)
    _follow_forwardings(session)


def follow_all(now: datetime, run_id: int) -> int:
    """Once a day, whatever was missed: nothing should be."""
    del now, run_id
    with transaction() as session:
        follow_everything(session)
    return 0


def remove(session: Session, address: str, revision: int) -> None:
    """Have the mail server told that an address is no more; `revision` is its last one here."""
    insert_once(
        session, RemovedAddress, address=address, desired_state=ServiceState.REMOVED,
        desired_revision=revision + 1,
    )  # fmt: skip


def first_revision(session: Session, address: str) -> int:
    """The revision with which a new address begins.

    Where its removal was not told yet, that is forgotten, and overtaken should it be on its way.
    """
    removed = session.scalar(
        delete(RemovedAddress)
        .where(RemovedAddress.address == address)
        .returning(RemovedAddress.desired_revision)
    )
    return (removed or 0) + 1


def tell(now: datetime, run_id: int) -> int:
    """Follow suspensions, then tell the mail server what it does not know; how many it took."""
    del run_id
    with reading() as session:
        changed = session.scalars(_suspensions_to_follow()).all()
    for organization_id in changed:
        with transaction() as session:
            _follow_suspension(session, organization_id)
    return sum(converge(source, now) for source in SOURCES)


def _suspensions_to_follow() -> CompoundSelect[Any]:
    suspended = select(Suspension.organization_id)
    followed = select(FollowedSuspension.organization_id)
    begun, ended = suspended.except_(followed).subquery(), followed.except_(suspended).subquery()
    return select(begun.c[0]).union(select(ended.c[0]))


def _follow_suspension(session: Session, organization_id: int) -> None:
    # Locked, so that no reason comes or goes between what is read and what is written.
    organization = session.get_one(
        Organization, organization_id, with_for_update=True, populate_existing=True
    )
    _follow_mailboxes(session, Subscription.organization_id == organization_id)
    _follow_forwardings(session, Domain.organization_id == organization_id)
    if organization.suspended_since:
        insert_once(session, FollowedSuspension, organization_id=organization_id)
    else:
        session.execute(
            delete(FollowedSuspension).where(FollowedSuspension.organization_id == organization_id)
        )


def _follow_mailboxes(session: Session, *which: ColumnElement[bool]) -> None:
    is_suspended = Organization.suspended_since.is_not(None)
    # The rule, asked once for each case and written as SQL.
    wanted = case(
        *(
            (Subscription.status == status, wanted_state(status, is_suspended=False))
            for status in Status
        )
    )
    wanted = case((is_suspended, wanted_state(Status.ACTIVE, is_suspended=True)), else_=wanted)
    owned = (
        Subscription.id == Mailbox.subscription_id,
        Organization.id == Subscription.organization_id,
    )
    _want(session, Mailbox, wanted, *owned, *which)


def _follow_forwardings(session: Session, *which: ColumnElement[bool]) -> None:
    is_suspended = Organization.suspended_since.is_not(None)
    wanted = case((is_suspended, ServiceState.SUSPENDED), else_=ServiceState.ACTIVE)
    owned = (Domain.id == Forwarding.domain_id, Organization.id == Domain.organization_id)
    _want(session, Forwarding, wanted, *owned, *which)


def _want(session: Session, model: Any, wanted: Any, *which: ColumnElement[bool]) -> None:
    session.execute(
        update(model)
        .where(*which, model.desired_state != wanted)
        .values(desired_state=wanted, desired_revision=model.desired_revision + 1),
        execution_options={"synchronize_session": False},
    )


def _mailboxes(session: Session, ids: Sequence[int]) -> Mapping[int, MailboxState]:
    rows = session.execute(
        select(
            Mailbox.id, Mailbox.address, Mailbox.desired_state, Mailbox.desired_revision,
            Mailbox.quota_mib, Mailbox.password_hash,
        ).where(Mailbox.id.in_(ids))
    )  # fmt: skip
    return {row.id: MailboxState(*row[1:]) for row in rows}


def _forwardings(session: Session, ids: Sequence[int]) -> Mapping[int, ForwardingState]:
    destinations: dict[int, list[str]] = {number: [] for number in ids}
    for number, to in session.execute(
        select(ForwardingDestination.forwarding_id, ForwardingDestination.address)
        .where(ForwardingDestination.forwarding_id.in_(ids))
        .order_by(ForwardingDestination.id)
    ):
        destinations[number].append(to)
    rows = session.execute(
        select(
            Forwarding.id, Forwarding.address, Forwarding.desired_state, Forwarding.desired_revision
        ).where(Forwarding.id.in_(ids))
    )
    return {row.id: ForwardingState(*row[1:], tuple(destinations[row.id])) for row in rows}


def _removed(session: Session, ids: Sequence[int]) -> Mapping[int, NoAddress]:
    rows = session.execute(
        select(RemovedAddress.id, RemovedAddress.address, RemovedAddress.desired_revision).where(
            RemovedAddress.id.in_(ids)
        )
    )
    return {row.id: NoAddress(*row[1:]) for row in rows}


def _forget(session: Session, ids: Sequence[int]) -> None:
    session.execute(delete(RemovedAddress).where(RemovedAddress.id.in_(ids)))


def _tell(wanted: Sequence[Wanted]) -> Sequence[Answer]:
    return mail_server().tell(wanted)


# What is gone first: its address may be wanted again.
SOURCES: tuple[Source[Any], ...] = (
    Source(SERVER, RemovedAddress, _removed, _tell, _forget),
    Source(SERVER, Mailbox, _mailboxes, _tell),
    Source(SERVER, Forwarding, _forwardings, _tell),
)
