"""A-6: a move of a hosting account is scheduled; after its date it is applied automatically."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, String, cast, select, text
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.accounts.models import Account
from app.accounts.rules import Right, Role
from app.alerts.models import Alert
from app.alerts.ports import AlertType, Case, Facts, Words
from app.alerts.rules import ANNOUNCEMENT, AlertState, Delays, Step, around, half_way
from app.journal.service import Actor
from app.moves.models import IS_OPEN, Move
from app.moves.rules import MoveState
from app.moves.service import queue_due
from app.web.i18n import day


class MoveScheduled(AlertType):
    """Subject: the move, called by its account. Cause: its date, which the host may change."""

    name = "move"
    severity = 5
    roles = frozenset({Role.OWNER, Role.TECHNICAL})
    defaults = Delays(reminders=(-7, -1))
    guard = ANNOUNCEMENT
    right = Right.MANAGE_SERVICES

    def watch(self, today: date, terms: Terms, delays: Delays) -> Select[*tuple[Any, ...]]:
        """Moves that are neither applied nor called off."""
        return (
            select(
                Move.id.label("subject_id"),
                Account.public_id.label("subject"),
                Account.organization_id.label("organization_id"),
                cast(Move.due_on, String).label("cause"),
                Move.title.label("title"),
                Move.due_on.label("due_on"),
                Move.state.label("move_state"),
            )
            .join(Account, Account.id == Move.account_id)
            # In the words of its partial index.
            .where(text(IS_OPEN))
        )

    def steps(self, facts: Facts, opened_on: date, delays: Delays) -> list[Step]:
        """Half-way, then before the date."""
        due_on = date.fromisoformat(facts["due_on"])
        return [*half_way(opened_on, due_on), *around(delays.reminders, due_on, opened_on)]

    def deadline(self, facts: Facts, opened_on: date, delays: Delays) -> date | None:
        """The move's date."""
        return date.fromisoformat(facts["due_on"])

    def expire(self, session: Session, alert: Alert, *, by: Actor, now: datetime) -> None:
        """Queue it; the moves' own job applies so many at a time, not necessarily that day."""
        queue_due(session, alert.subject_id, by=by, now=now)

    def resolutions(self, session: Session, subject_ids: Collection[int]) -> dict[int, str]:
        """Applied, or called off."""
        rows = session.execute(select(Move.id, Move.state).where(Move.id.in_(subject_ids)))
        return dict.fromkeys(subject_ids, "cancelled") | {
            row.id: "applied" for row in rows if row.state is MoveState.APPLIED
        }

    def label(self) -> str:
        """See AlertType."""
        return str(_("Scheduled move"))

    def words(self, case: Case) -> Words:
        """See AlertType."""
        due_on, title = case.day("due_on"), case.facts["title"]
        names = {"title": title, "account": case.subject}
        if case.state is AlertState.EXPIRED or case.today >= due_on:
            until = _("Its date has come: it is applied automatically in the next days.")
        else:
            until = _("Apply it yourself before %(date)s, when it suits you.", date=day(due_on))
        return Words(
            title=_("Move of %(account)s: %(title)s", **names),
            what=_(
                "The technical move “%(title)s” of the hosting account %(account)s is scheduled "
                "for %(date)s. It costs nothing.",
                **names, date=day(due_on),
            ),
            until=until,
            after=_("If you do nothing, we apply it from that day on."),
            action=_("Apply the move"),
        )  # fmt: skip

    def path(self, subject: str, facts: Facts) -> str:
        """The account's page, with *Apply now*."""
        return f"/accounts/{subject}"
