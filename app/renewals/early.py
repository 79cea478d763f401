"""Domains renewed before their date: ordered by proforma, renewed when it is paid (R15, R22)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import service as billing
from app.billing.models import BillingContact
from app.billing.queries import balance
from app.domains.models import Domain
from app.domains.rules import (
    DomainStatus,
    is_too_late,
    last_day_to_renew,
    renewable_until,
    years_to_offer,
)
from app.invoices import proformas
from app.invoices.models import Proforma, ProformaLine
from app.invoices.parties import Issuer
from app.invoices.rules import Item, LineKind
from app.lib.dates import add_years_leap_safe
from app.renewals import queries
from app.renewals.rules import Outcome, Trigger
from app.renewals.service import Claimed, Ended, Order, attempt
from app.subscriptions.models import Subscription
from app.subscriptions.queries import PriceList, prices
from app.subscriptions.rules import Kind
from app.subscriptions.service import forecast_anew, locked

PAYABLE_FOR = timedelta(days=14)


class NothingToOrder(Exception):
    """None of the domains can be renewed for so many years."""


class OutOfDate(Exception):
    """A line of the proforma was renewed by other means, or can no longer be renewed."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


class TooLate(OutOfDate):
    """A line's domain ended so long ago that it has no usual price any more (R10)."""

    def __init__(self, subject: str, expires_on: date) -> None:
        super().__init__(subject)
        self.expires_on = expires_on


class Short(Exception):
    """The wallet does not hold what the proforma asks; `missing` in minor units."""

    def __init__(self, missing: int) -> None:
        super().__init__(str(missing))
        self.missing = missing


@dataclass(frozen=True)
class Offer:
    """A domain as it could be ordered, and how many years at most: 0 once it is too late.

    See R10 and R11.
    """

    subscription_id: int
    name: str
    extension: str
    expires_on: date
    payer_id: int
    contact_id: int | None
    most_years: int


def offers(
    session: Session, subscription_ids: Collection[int], billable: Collection[int], today: date
) -> list[Offer]:
    """What of these domains can be ordered, by name; payers are those that `billable` holds."""
    rows = session.execute(
        select(
            Subscription.id, Domain.name, Domain.extension, Subscription.expires_on,
            Subscription.organization_id, Subscription.billed_organization_id,
            Subscription.billing_contact_id,
        )
        .join(Domain, Domain.id == Subscription.domain_id)
        .where(
            Subscription.id.in_(subscription_ids),
            Subscription.kind == Kind.DOMAIN,
            Domain.status == DomainStatus.ACTIVE,
        )
        .order_by(Domain.name)
    ).all()  # fmt: skip
    payers = {row.billed_organization_id for row in rows} | {row.organization_id for row in rows}
    contacts = _contacts(session, payers)
    found = []
    for row in rows:
        named = row.billed_organization_id
        payer = named if named in billable else row.organization_id
        own = row.billing_contact_id in contacts[payer]
        contact = row.billing_contact_id if own else next(iter(contacts[payer]), None)
        is_late = is_too_late(row.expires_on, today)
        most = 0 if is_late else years_to_offer(row.expires_on, today)
        found.append(
            Offer(row.id, row.name, row.extension, row.expires_on, payer, contact, most)
        )  # fmt: skip
    return found


def price_of(catalogue: PriceList, offer: Offer, years: int) -> int | None:
    """The price of so many years in minor units; None where they are not to be had."""
    if not 1 <= years <= offer.most_years:
        return None
    return catalogue.of(Kind.DOMAIN, offer.extension, 12 * years)


def order(
    session: Session,
    wanted: Sequence[Offer],
    years: int,
    *,
    issuer: Issuer,
    context: Context,
) -> list[str]:
    """One proforma for each payer and billing contact; their numbers. Rights were checked.

    Raises NothingToOrder; proformas.Ordered where some of it is on a proforma already.
    """
    catalogue = prices(session)
    groups = defaultdict(list)
    for one in wanted:
        price = price_of(catalogue, one, years)
        if price is not None and not queries.being_renewed(
            session, one.subscription_id, one.expires_on
        ):
            ends = add_years_leap_safe(one.expires_on, years)
            item = Item(LineKind.DOMAIN, one.name, 12 * years, one.expires_on, ends, price)
            groups[one.payer_id, one.contact_id].append(
                proformas.Order(one.subscription_id, one.expires_on, item)
            )
    if not groups:
        raise NothingToOrder
    made = [
        proformas.make_proforma(
            session,
            organization_id=payer_id,
            contact_id=contact_id,
            currency=context.terms.currency,
            orders=orders,
            automatic=False,
            expires_on=_payable_until([one.cur_expires_on for one in orders], context.today),
            issuer=issuer,
            by=context.by,
            today=context.today,
            now=context.now,
        )
        for (payer_id, contact_id), orders in groups.items()
    ]
    return [session.get_one(Proforma, one).number for one in made]


def _payable_until(expiries: Iterable[date], today: date) -> date:
    """The last day of a proforma: no later than the first of its domains can be renewed in time.

    What has ended already may be paid for as long as it can be had at the usual price (R10).
    """
    days = [today + PAYABLE_FOR]
    for expires_on in expiries:
        in_time = last_day_to_renew(expires_on)
        days.append(in_time if in_time >= today else renewable_until(expires_on))
    return min(days)


def refuse_what_is_lost(session: Session, proforma_id: int, today: date) -> None:
    """Raises TooLate where a domain of an open proforma is no longer to be had so (R10)."""
    lines = session.execute(
        select(ProformaLine.subject, Subscription.expires_on)
        .join(Subscription, Subscription.id == ProformaLine.subscription_id)
        .where(
            ProformaLine.proforma_id == proforma_id,
            ProformaLine.open,
            Subscription.kind == Kind.DOMAIN,
        )
        .order_by(ProformaLine.id)
    )
    for subject, expires_on in lines:
        if is_too_late(expires_on, today):
            raise TooLate(subject, expires_on)


def pay(session: Session, proforma_id: int, context: Context) -> list[int]:
    """Take the money of all lines and mark it paid, or nothing; renewals to settle now.

    Raises proformas.NotOpen, OutOfDate, TooLate, Short. Subscriptions are locked first, then
    wallets, then the proforma: the order of the engine.
    """
    lines = session.scalars(
        select(ProformaLine)
        .where(ProformaLine.proforma_id == proforma_id)
        .order_by(ProformaLine.subscription_id)
    ).all()
    subscriptions = [locked(session, line.subscription_id) for line in lines]
    payer_id = session.get_one(Proforma, proforma_id).organization_id
    for subscription in subscriptions:
        forecast_anew(session, subscription, payer_id)
    billing.lock_wallets(session, [payer_id])
    proforma = proformas.lock_open(session, proforma_id, today=context.today)
    refuse_what_is_lost(session, proforma_id, context.today)
    missing = proforma.total - balance(session, payer_id, proforma.currency).available
    if missing > 0:
        raise Short(missing)
    claimed = []
    for line, subscription in zip(lines, subscriptions, strict=True):
        claimed += _begin(session, line, subscription, proforma, context)
    proformas.mark_paid(session, proforma_id, by=context.by, today=context.today, now=context.now)
    return claimed


def _begin(
    session: Session,
    line: ProformaLine,
    subscription: Subscription,
    proforma: Proforma,
    context: Context,
) -> list[int]:
    stale = subscription.expires_on != line.cur_expires_on
    if stale or queries.being_renewed(session, subscription.id, subscription.expires_on):
        raise OutOfDate(line.subject)
    tried = attempt(
        session,
        Order(
            subscription,
            session.get_one(Domain, subscription.domain_id),
            f"{Trigger.MANUAL}:{proforma.number}",
            line.months,
            proforma.organization_id,
            price=line.total,
            proforma_id=proforma.id,
        ),
        context,
    )
    if isinstance(tried, Claimed):
        return [tried.renewal_id]
    if isinstance(tried, Ended) and tried.outcome is Outcome.RENEWED:
        return []
    raise OutOfDate(line.subject)


def _contacts(session: Session, payers: Collection[int | None]) -> dict[int, list[int]]:
    """Billing contacts of each payer, its default one first."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    rows = session.execute(
        select(BillingContact.organization_id, BillingContact.id)
        .where(BillingContact.organization_id.in_([one for one in payers if one is not None]))
        .order_by(BillingContact.is_default.desc(), BillingContact.id)
    )
    for organization_id, contact_id in rows:
        found[organization_id].append(contact_id)
    return found
