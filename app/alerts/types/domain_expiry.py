"""A-3: a domain expires soon; with ICANN's renewal notices for generic names (A7)."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.accounts.rules import Right, Role
from app.alerts.ports import AlertType, Case, Facts, Words
from app.alerts.resolutions import of_subscriptions
from app.alerts.rules import Delays, Step, around, is_generic, legal_notices
from app.domains.models import Domain
from app.domains.rules import KEPT, DomainStatus, extension_of
from app.domains.words import too_late
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind, Status, Verdict
from app.web.i18n import day

FIRST_NOTICE = 35


class DomainExpiry(AlertType):
    """Subject: the domain's subscription. Cause: the day on which what is paid for ends."""

    name = "domain_expiry"
    severity = 3
    roles = frozenset({Role.OWNER, Role.TECHNICAL, Role.BILLING})
    contacts = True
    right = Right.MANAGE_RENEWALS
    defaults = Delays(opens=60, reminders=(-31, -15, -7, -3, -1, 1))

    def watch(self, today: date, terms: Terms, delays: Delays) -> Select[*tuple[Any, ...]]:
        """Names of ours that end soon, or have ended and may still be saved."""
        return (
            select(
                Subscription.id.label("subject_id"),
                Subscription.subject.label("subject"),
                Subscription.organization_id.label("organization_id"),
                cast(Subscription.expires_on, String).label("cause"),
                Subscription.subject.label("domain"),
                Subscription.expires_on.label("expires_on"),
                func.coalesce(Subscription.verdict == Verdict.WILL_RENEW, False).label("renews"),
                func.coalesce(cast(Subscription.verdict, String), "").label("latest"),
                Domain.created_at.label("ours_since"),
            )
            .join(Domain, Domain.id == Subscription.domain_id)
            .where(
                Subscription.status.in_((Status.ACTIVE, Status.EXPIRED)),
                Subscription.kind == Kind.DOMAIN,
                Subscription.expires_on <= today + timedelta(days=delays.opens or 0),
                Subscription.expires_on > today - KEPT,
                Domain.status == DomainStatus.ACTIVE,
            )
        )

    def check(self, delays: Delays) -> None:
        """It must be open before ICANN's first window is over (A7)."""
        super().check(delays)
        if delays.opens is not None and delays.opens < FIRST_NOTICE:
            raise ValueError(
                _("The law's first notice is due %(days)s days ahead.", days=FIRST_NOTICE)
            )

    def steps(self, facts: Facts, opened_on: date, delays: Delays) -> list[Step]:
        """Of a generic name, three are ICANN's: for everybody, and in their windows."""
        expires_on = date.fromisoformat(facts["expires_on"])
        steps = around(delays.reminders, expires_on, opened_on)
        if not is_generic(extension_of(facts["domain"])):
            return steps
        ours_since = datetime.fromisoformat(facts["ours_since"]).date()
        legal = legal_notices(expires_on, ours_since)
        days = {step.on for step in legal}
        return [*legal, *(step for step in steps if step.on not in days)]

    def deadline(self, facts: Facts, opened_on: date, delays: Delays) -> date | None:
        """The day on which it expires, whatever we do."""
        return date.fromisoformat(facts["expires_on"])

    def resolutions(self, session: Session, subject_ids: Collection[int]) -> dict[int, str]:
        """Gone to another registrar or deleted (R19); lost; else renewed."""
        lost = (Subscription.status == Status.EXPIRED, "lost")
        return of_subscriptions(session, subject_ids, lost, otherwise="renewed")

    def label(self) -> str:
        """See AlertType."""
        return str(_("Domain expiry"))

    def words(self, case: Case) -> Words:
        """See AlertType."""
        name, ends = case.subject, case.day("expires_on")
        action = _("Renew %(domain)s", domain=name)
        after = _("A domain that is not renewed stops working, its mailboxes too, and may be lost.")
        if case.today >= ends:
            return Words(
                title=_("%(domain)s has expired", domain=name),
                what=_("The domain %(domain)s expired on %(date)s.", domain=name, date=day(ends)),
                until=too_late(ends, case.today)
                or _("Renew it now, while that is still possible."),
                after=after,
                action=action,
            )
        what = _("The domain %(domain)s expires on %(date)s.", domain=name, date=day(ends))
        if case.facts["renews"]:
            until = _("It renews by itself before that day; as things stand you need do nothing.")
        else:
            until = _("Renew it before %(date)s.", date=day(ends))
        return Words(
            title=_("%(domain)s expires on %(date)s", domain=name, date=day(ends)),
            what=what,
            until=until,
            after=after,
            action=action,
        )

    def path(self, subject: str, facts: Facts) -> str:
        """Where this one domain is renewed."""
        return f"/domains/renew?only={subject}"

    def domain(self, subject: str) -> str | None:
        """Mails to its own addresses fail with it."""
        return subject
