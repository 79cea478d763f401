"""Prices told in time: a renewal costs what was last announced, and a rise is told first (R16)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    case,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from app.accounts.installation import Context, terms
from app.accounts.mails import Letter
from app.accounts.models import Organization
from app.accounts.queries import members_with
from app.accounts.rules import Right
from app.billing.service import forecast_anew
from app.db import transaction
from app.domains.models import Domain
from app.journal.service import Actor, record
from app.outbox.service import queue
from app.renewals.rules import first_attempt_day
from app.subscriptions.models import UNANNOUNCED, Price, Subscription
from app.subscriptions.notice_models import TacitNotice
from app.subscriptions.rules import Kind
from app.web.i18n import day, money, speaking
from app.web.state import settings

# Services named in one mail; the pages show all.
MOST = 20


@dataclass(frozen=True)
class Rise:
    """A subscription whose price is higher than what was announced; minor units."""

    id: int
    subject: str
    organization_id: int
    payer_id: int
    renews_on: date
    before: int
    after: int


def announce_first(_now: datetime, _run_id: int) -> int:
    """Note the price that the pages show for what was switched on since; how many."""
    with transaction() as session:
        return note_first(session)


def note_first(session: Session) -> int:
    """The same, before prices change in this transaction: what was shown is what counts."""
    noted = session.scalars(
        update(Subscription)
        .where(literal_column(UNANNOUNCED))
        .values(announced_price=catalogue(), announced_months=Subscription.renewal_months)
        .returning(Subscription.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(noted)


def announce_rises(now: datetime, run_id: int) -> int:
    """Tell payers of prices that rose, early enough; how many services it is about.

    Who cannot be told in time pays the old price once more, and is told after that renewal; so
    does who has the law's notice of that renewal already, which named a price (R17).
    """
    context = Context(now, terms(), Actor(run_id=run_id))
    with transaction() as session:
        rises = _rises(session, context.today)
        by_payer = defaultdict(list)
        for one in rises:
            by_payer[one.payer_id].append(one)
        forecast_anew(session, by_payer)
        for payer_id, some in by_payer.items():
            _tell(session, payer_id, some, context)
    return len(rises)


def letter(name: str, organization: str, rises: Sequence[Rise], currency: str) -> Letter:
    """What rises, from when, and where to decide."""
    lines = [
        _("– %(name)s: %(after)s instead of %(before)s, from the renewal of %(date)s on",
          name=one.subject, after=money(one.after, currency), before=money(one.before, currency),
          date=day(one.renews_on))
        for one in rises[:MOST]
    ]  # fmt: skip
    if len(rises) > MOST:
        lines.append(_("– and %(number)s more", number=len(rises) - MOST))
    paragraphs = [
        _("Hello %(name)s,", name=name),
        _("The price of services that renew by themselves and that %(name)s pays for changes:",
          name=organization) + "\n" + "\n".join(lines),
        _("You need do nothing if you agree. You can switch auto-renewal off, or set a limit above "
          "which nothing is renewed, on the page of each service:"),
        f"{settings().public_url}/domains",
        settings().host_name,
    ]  # fmt: skip
    subject = _("New prices for services of %(name)s", name=organization)
    return Letter(subject, "\n\n".join(paragraphs) + "\n")


def _rises(session: Session, today: date) -> list[Rise]:
    costs = catalogue()
    rows = session.execute(
        select(
            Subscription.id,
            Subscription.kind,
            Subscription.subject,
            Subscription.organization_id,
            Subscription.billed_organization_id,
            Subscription.expires_on,
            Subscription.announced_price,
            costs.label("now_costs"),
        )
        .where(
            Subscription.auto_renewal.is_(True),
            Subscription.announced_months == Subscription.renewal_months,
            Subscription.announced_price < costs,
            ~_has_the_laws_notice(),
        )
        .order_by(Subscription.id)
        .with_for_update(of=Subscription)
    ).all()
    lead = timedelta(days=settings().price_notice_days)
    return [
        Rise(
            row.id, row.subject, row.organization_id, row.billed_organization_id, row.expires_on,
            row.announced_price, row.now_costs,
        )
        for row in rows
        if today + lead <= first_attempt_day(row.kind, row.expires_on)
    ]  # fmt: skip


def _has_the_laws_notice() -> ColumnElement[bool]:
    return exists().where(
        TacitNotice.subscription_id == Subscription.id,
        TacitNotice.expires_on == Subscription.expires_on,
        TacitNotice.price.is_not(None),
    )


def _tell(session: Session, payer_id: int, rises: Sequence[Rise], context: Context) -> None:
    organization = session.get_one(Organization, payer_id)
    for person in members_with(session, payer_id, Right.BILL):
        with speaking(person.language):
            made = letter(person.name, organization.name, rises, context.terms.currency)
        queue(
            session, key=f"price-rise:{payer_id}:{context.today.isoformat()}:{person.user_id}",
            kind="price_rise", to=person.email, subject=made.subject, body=made.body,
            by=context.by, now=context.now, organization_id=payer_id,
        )  # fmt: skip
    for one in rises:
        session.execute(
            update(Subscription).where(Subscription.id == one.id).values(announced_price=one.after)
        )
        record(
            session, "price.announced", organization_id=one.organization_id, subject=one.subject,
            by=context.by, now=context.now, before=one.before, after=one.after,
            currency=context.terms.currency,
        )  # fmt: skip


def catalogue() -> ColumnElement[int]:
    """What `PriceList.of` says of a subscription's next renewal, as a column."""
    exact, year = aliased(Price), aliased(Price)
    extension: ColumnElement[str] = case(
        (
            Subscription.kind == Kind.DOMAIN,
            select(Domain.extension)
            .where(Domain.id == Subscription.domain_id)
            .correlate(Subscription)
            .scalar_subquery(),
        ),
        else_="",
    )
    own = (
        select(exact.price)
        .where(
            exact.kind == Subscription.kind,
            exact.extension == extension,
            exact.months == Subscription.renewal_months,
        )
        .correlate(Subscription)
        .scalar_subquery()
    )
    several = (
        select(year.price * (Subscription.renewal_months // 12))
        .where(
            Subscription.kind == Kind.DOMAIN,
            year.kind == Kind.DOMAIN,
            year.extension == extension,
            year.months == 12,
        )
        .correlate(Subscription)
        .scalar_subquery()
    )
    return func.coalesce(own, several)
