"""A-1: nobody has signed in for months on a free plan; in the end it is suspended."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, exists, func, literal, select, text
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.accounts.models import Account, Member, Organization, User
from app.accounts.rules import Plan, Role
from app.alerts.ports import Case, Facts, Words
from app.alerts.rules import AlertState, Delays
from app.alerts.suspending import SuspendingAlert
from app.lib.dates import start_of_day
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Status
from app.web.i18n import day

_PAID_FOR = (Status.ACTIVE, Status.GRACE)


class Inactivity(SuspendingAlert):
    """Subject: the organization. An operator in somebody's name and API tokens are no sign-in."""

    name = "inactivity"
    severity = 1
    roles = frozenset({Role.OWNER})
    contacts = True
    defaults = Delays(opens=120, reminders=(7, 21, 27), expires=30)
    visit_resolves = True

    def watch(self, today: date, terms: Terms, delays: Delays) -> Select[*tuple[Any, ...]]:
        """Free plans without anything paid, whose members all stayed away that long."""
        first_day = today - timedelta(days=delays.opens or 0)
        seen = func.coalesce(
            select(func.max(User.last_login_at))
            .join(Member, Member.user_id == User.id)
            .where(Member.organization_id == Organization.id)
            .correlate(Organization)
            .scalar_subquery(),
            Organization.created_at,
        )
        return select(
            Organization.id.label("subject_id"),
            Organization.public_id.label("subject"),
            Organization.id.label("organization_id"),
            literal("").label("cause"),
            Organization.name.label("name"),
            Organization.name.label("latest"),
            seen.label("seen_at"),
        ).where(
            # In the words of its partial index.
            text(f"organizations.plan = '{Plan.FREE.value}'"),
            # Younger ones cannot have been idle so long, and are not looked at more closely.
            Organization.created_at < start_of_day(first_day + timedelta(days=1), terms.tz),
            seen < start_of_day(first_day + timedelta(days=1), terms.tz),
            ~_pays(),
        )

    def lock(self, session: Session, subject_ids: Collection[int]) -> None:
        """Whoever is signing in comes before us, or finds the suspension and lifts it."""
        session.execute(
            select(User.id)
            .where(
                User.id.in_(select(Member.user_id).where(Member.organization_id.in_(subject_ids)))
            )
            .order_by(User.id)
            .with_for_update(key_share=True)
        )

    def resolutions(self, session: Session, subject_ids: Collection[int]) -> dict[int, str]:
        """Somebody signed in, unless it pays for something now."""
        paying = session.scalars(
            select(Organization.id).where(
                Organization.id.in_(subject_ids), (Organization.plan != Plan.FREE) | _pays()
            )
        )
        return dict.fromkeys(subject_ids, "signed_in") | dict.fromkeys(paying, "paying")

    def label(self) -> str:
        """See AlertType."""
        return str(_("Inactivity"))

    def words(self, case: Case) -> Words:
        """See AlertType."""
        name = case.facts["name"]
        if case.state is AlertState.EXPIRED:
            return Words(
                title=_("%(name)s is suspended, because nobody used it", name=name),
                what=_("%(name)s and its hosting accounts are suspended.", name=name),
                until=_("Sign in: everything then resumes by itself."),
                after=_("Nothing was deleted."),
                action=_("Sign in"),
            )
        if case.deadline_on and case.today >= case.deadline_on:
            until = _("Sign in to keep it.")
        else:
            until = _("Sign in before %(date)s to keep it.", date=day(case.deadline_on))
        return Words(
            title=_("Nobody has signed in for a long time"),
            what=_(
                "Nobody has signed in for %(name)s since %(date)s. It is on the free plan, which "
                "is meant for those who use it.",
                name=name,
                date=day(datetime.fromisoformat(case.facts["seen_at"]).date()),
            ),
            until=until,
            after=_(
                "If nobody signs in, the organization and its hosting accounts are suspended. "
                "Nothing is deleted, and signing in brings everything back."
            ),
            action=_("Sign in"),
        )

    def path(self, subject: str, facts: Facts) -> str:
        """Being signed in is all it takes."""
        return "/"


def _pays() -> Any:
    """Whether an organization has a paid hosting account, or a service that is paid for."""
    account = exists().where(Account.organization_id == Organization.id, Account.plan == Plan.PAID)
    service = exists().where(
        Subscription.organization_id == Organization.id, Subscription.status.in_(_PAID_FOR)
    )
    return account | service
