"""A-4: something renews by itself, but neither wallet nor card can pay for it."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select, text
from sqlalchemy.orm import Session

from app.accounts.installation import Terms, terms
from app.accounts.models import Organization
from app.accounts.rules import Right, Role
from app.alerts.ports import AlertType, Case, Facts, Words
from app.alerts.resolutions import of_subscriptions
from app.alerts.rules import Delays, Step
from app.billing.words import top_up_path
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.renewals.models import Attempt
from app.renewals.rules import Outcome, first_attempt_day, next_attempt_day
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind, Status, Verdict
from app.web.i18n import day, money

_OVER = tuple(status for status in Status if status is not Status.ACTIVE)
_NOT_IN_VAIN = (Outcome.RENEWED, Outcome.UNKNOWN)


class UnfundedRenewal(AlertType):
    """Subject: the subscription, told to who pays. Cause: the period that ends.

    The forecast says what cannot be paid: it counts all that is due before it, and the cards.
    """

    name = "unfunded_renewal"
    severity = 2
    roles = frozenset({Role.OWNER, Role.BILLING})
    contacts = True
    right = Right.BILL
    defaults = Delays(opens=30, reminders=(7,))

    def watch(self, today: date, terms: Terms, delays: Delays) -> Select[*tuple[Any, ...]]:
        """What is due soon and found short by the forecast; nothing that has expired."""
        ahead = today + timedelta(days=delays.opens or 0)
        failed = (
            select(func.max(Attempt.business_date))
            .where(
                Attempt.subscription_id == Subscription.id,
                Attempt.cur_expires_on == Subscription.expires_on,
                Attempt.outcome.is_not(None),
                Attempt.outcome.not_in(_NOT_IN_VAIN),
            )
            .correlate(Subscription)
            .scalar_subquery()
        )
        return (
            select(
                Subscription.id.label("subject_id"),
                Subscription.subject.label("subject"),
                Subscription.billed_organization_id.label("organization_id"),
                cast(Subscription.expires_on, String).label("cause"),
                Subscription.kind.label("kind"),
                Subscription.expires_on.label("expires_on"),
                Subscription.missing.label("missing"),
                Organization.name.label("name"),
                failed.label("failed_on"),
                (
                    func.coalesce(cast(Subscription.missing, String), "") + " " + Organization.name
                ).label("latest"),
            )
            .join(Organization, Organization.id == Subscription.billed_organization_id)
            .join(Domain, Domain.id == Subscription.domain_id)
            .where(
                # In these very words, or its partial index is not used; and no equality on the
                # status, or one of all that is active looks better.
                text(f"subscriptions.verdict = '{Verdict.SHORT.value}'"),
                Subscription.auto_renewal,
                Subscription.status.not_in(_OVER),
                Subscription.expires_on > today,
                or_(*(_first_attempt_by(kind, ahead) for kind in Kind)),
                Domain.status == DomainStatus.ACTIVE,
            )
        )

    def check(self, delays: Delays) -> None:
        """Reminders come every so many days."""
        super().check(delays)
        if len(delays.reminders) > 1 or min(delays.reminders, default=1) < 1:
            raise ValueError(_("Reminders come every so many days: one number."))

    def steps(self, facts: Facts, opened_on: date, delays: Delays) -> list[Step]:
        """Weekly until the first attempt, then with each that failed."""
        kind, ends = Kind(facts["kind"]), date.fromisoformat(facts["expires_on"])
        first = first_attempt_day(kind, ends)
        steps = []
        for every in delays.reminders[:1]:
            weeks = range(every, (first - opened_on).days, every)
            steps = [Step(f"+{count}", opened_on + timedelta(days=count)) for count in weeks]
        failed_on = date.fromisoformat(facts["failed_on"]) if facts["failed_on"] else date.min
        tried = next_attempt_day(kind, ends, opened_on + timedelta(days=1))
        while tried:
            steps.append(Step(f"{(tried - ends).days:+d}", tried, ready=failed_on >= tried))
            tried = next_attempt_day(kind, ends, tried + timedelta(days=1))
        return steps

    def resolutions(self, session: Session, subject_ids: Collection[int]) -> dict[int, str]:
        """Renewed, switched off, expired or gone; else there is money now."""
        reasons = (
            (_has_ended(Kind.DOMAIN), "expired"),
            (_has_ended(Kind.MAILBOX), "mailbox_expired"),
            (Subscription.auto_renewal.is_(False), "switched_off"),
        )
        return of_subscriptions(session, subject_ids, *reasons, otherwise="funded")

    def label(self) -> str:
        """See AlertType."""
        return str(_("Renewal that cannot be paid"))

    def words(self, case: Case) -> Words:
        """See AlertType."""
        ends = case.day("expires_on")
        first = first_attempt_day(Kind(case.facts["kind"]), ends)
        missing = money(case.facts["missing"] or 0)
        by = first if case.today < first else ends
        return Words(
            title=_("%(amount)s are missing to renew %(subject)s",
                    amount=missing, subject=case.subject),
            what=_(
                "%(subject)s renews by itself, but %(name)s cannot pay for it: %(amount)s are "
                "missing, counting what is due before it, and no card can be charged.",
                subject=case.subject, name=case.facts["name"], amount=missing,
            ),
            until=_("Top up at least %(amount)s, or add a card, before %(date)s.",
                    amount=missing, date=day(by)),
            after=_("If nothing is done, it is not renewed and ends on %(date)s.", date=day(ends)),
            action=_("Top up or add a card"),
            by=ends,
        )  # fmt: skip

    def path(self, subject: str, facts: Facts) -> str:
        """Where money is paid in, with what is missing filled in; it leads to cards too."""
        return top_up_path(facts["missing"] or 0, terms().currency)


def _has_ended(kind: Kind) -> ColumnElement[bool]:
    return and_(Subscription.status != Status.ACTIVE, Subscription.kind == kind)


def _first_attempt_by(kind: Kind, ahead: date) -> Any:
    lead = ahead - first_attempt_day(kind, ahead)
    return (Subscription.kind == kind) & (Subscription.expires_on <= ahead + lead)
