"""The engine on mailboxes: slots, payment, anchors, ties, lateness (R2-R6, R13, R18)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.installation import terms
from app.billing.models import LedgerEntry, LedgerTx, Wallet
from app.db import db, transaction
from app.domains.models import Domain, SandboxName
from app.domains.rules import DomainStatus
from app.jobs.service import ClockWentBack, tick
from app.journal.models import JournalRow
from app.journal.service import Actor
from app.operator_tasks.models import OperatorTask
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import Outcome, RenewalState, next_attempt_day
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind, Status
from app.subscriptions.service import Choice, choose, locked
from tests import make

EXPIRY = date(2027, 3, 31)


def at(day: date, hour: int = 9) -> datetime:
    """Nine in the morning in Paris, or another hour, as UTC."""
    return datetime.combine(day, datetime.min.time(), terms().tz).replace(hour=hour).astimezone(UTC)


def run(day: date, hour: int = 9) -> None:
    tick(at(day, hour))


def before(days: int, expiry: date = EXPIRY) -> date:
    return expiry - timedelta(days=days)


def subscription(made: make.MadeService) -> Subscription:
    db.session.rollback()
    return db.session.get_one(Subscription, made.subscription_id)


def attempts(made: make.MadeService) -> list[tuple[date, Outcome | None, str | None]]:
    rows = db.session.scalars(
        select(Attempt).where(Attempt.subscription_id == made.subscription_id).order_by(Attempt.id)
    )
    return [(row.business_date, row.outcome, row.reason) for row in rows]


def posted(organization: make.Made) -> int:
    db.session.rollback()
    return db.session.scalars(
        select(Wallet.posted).where(Wallet.organization_id == organization.id)
    ).one()


def count(model: type) -> int:
    return db.session.scalars(select(func.count()).select_from(model)).one()


@pytest.fixture
def acme(db_context):
    make.usual_prices()
    return make.organization(balance=10_000)


@pytest.fixture
def poor(db_context):
    make.usual_prices()
    return make.organization("Poor", balance=0)


def switch(made: make.MadeService, payer: make.Made, *, on: bool, now: datetime, months: int = 1):
    with transaction() as session:
        choose(
            session,
            locked(session, made.subscription_id),
            Choice(on, months, payer.id),
            next_slot_on=next_attempt_day(Kind.MAILBOX, EXPIRY, terms().today(now)),
            by=Actor(),
            now=now,
        )


def test_a_mailbox_renews_on_its_first_slot_with_one_debit_and_one_extension(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, anchor=date(2027, 1, 31), months=2)
    for days in (6, 5, 5, 4, 3, 2, 1, 0, -1):
        run(before(days))
    assert attempts(box) == [(before(5), Outcome.RENEWED, None)]
    assert subscription(box).expires_on == date(2027, 4, 30)
    assert posted(acme) == 10_000 - 100
    assert count(Renewal) == 1
    # The opening balance, the debit, and the VAT of the day's invoice.
    assert count(LedgerTx) == 3
    renewed = db.session.scalars(select(JournalRow).where(JournalRow.event == "mailbox.renewed"))
    assert len(renewed.all()) == 1


def test_nothing_is_tried_before_half_past_eight(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    tick(at(before(5)) - timedelta(minutes=31))
    assert attempts(box) == []
    tick(at(before(5)) - timedelta(minutes=30))
    assert len(attempts(box)) == 1


def test_w2_many_ticks_on_one_day_are_one_attempt(poor):
    box = make.mailbox(make.domain(poor), poor, on=True, expires_on=EXPIRY)
    for minute in range(0, 900, 10):
        tick(at(before(5), 8) + timedelta(minutes=minute))
    assert attempts(box) == [(before(5), Outcome.UNFUNDED, None)]


def test_w4_money_that_comes_on_the_last_day_still_renews(poor):
    box = make.mailbox(make.domain(poor), poor, on=True, anchor=date(2027, 1, 31), months=2)
    for days in (5, 4, 3, 2):
        run(before(days))
    make.money(poor, 100)
    run(before(1))
    run(before(0))
    assert [outcome for _day, outcome, _reason in attempts(box)] == [Outcome.UNFUNDED] * 4 + [
        Outcome.RENEWED
    ]
    assert subscription(box).expires_on == date(2027, 4, 30)
    assert posted(poor) == 0


def test_after_the_last_slot_nothing_is_charged_by_itself(poor):
    box = make.mailbox(make.domain(poor), poor, on=True, expires_on=EXPIRY)
    for days in (5, 4, 3, 2, 1):
        run(before(days))
    make.money(poor, 1000)
    for days in (0, -1, -2):
        run(before(days))
    assert len(attempts(box)) == 5
    assert posted(poor) == 1000
    assert subscription(box).status is Status.GRACE


def test_w7_switched_on_in_grace_nothing_is_charged_by_itself(acme):
    box = make.mailbox(make.domain(acme), acme, expires_on=EXPIRY)
    run(before(-1))
    switch(box, acme, on=True, now=at(before(-1), 10))
    for days in (-1, -2, -3):
        run(before(days), 11)
    assert attempts(box) == []
    assert subscription(box).next_slot_on is None


def test_w8_switched_on_three_days_before_is_tried_the_same_day(acme):
    box = make.mailbox(make.domain(acme), acme, expires_on=EXPIRY)
    run(before(3))
    switch(box, acme, on=True, now=at(before(3), 9))
    tick(at(before(3), 9) + timedelta(seconds=30))
    assert attempts(box) == [(before(3), Outcome.RENEWED, None)]


def test_switched_off_before_the_slot_nothing_is_charged(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    run(before(6))
    switch(box, acme, on=False, now=at(before(6), 10))
    for days in (5, 4, 3, 2, 1):
        run(before(days))
    assert attempts(box) == []


def test_downtime_over_all_slots_gives_one_late_attempt_in_grace(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, anchor=date(2027, 1, 31), months=2)
    run(before(20))
    run(before(-3))
    run(before(-4))
    assert attempts(box) == [(before(-3), Outcome.RENEWED, None)]
    assert subscription(box).expires_on == date(2027, 4, 30)
    assert db.session.scalars(select(Renewal.late_by_us)).one()


def test_downtime_beyond_grace_charges_nothing(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    run(before(20))
    run(before(-8))
    assert attempts(box) == []
    assert subscription(box).status is Status.SUSPENDED


def test_a_slot_lost_to_downtime_is_made_good_on_the_next_day(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    run(before(20))
    run(before(2))
    assert attempts(box) == [(before(2), Outcome.RENEWED, None)]


def test_a_yearly_choice_takes_effect_at_the_next_renewal_and_keeps_the_anchor(acme):
    box = make.mailbox(
        make.domain(acme), acme, on=True, anchor=date(2027, 1, 31), months=2, renewal_months=12
    )
    run(before(5))
    assert subscription(box).expires_on == date(2028, 3, 31)
    assert posted(acme) == 9_000


@pytest.mark.parametrize(
    ("anchor", "ends"),
    [
        (date(2027, 1, 29), ["2027-03-29", "2027-04-29", "2027-05-29", "2027-06-29"]),
        (date(2027, 1, 30), ["2027-03-30", "2027-04-30", "2027-05-30", "2027-06-30"]),
        (date(2027, 1, 31), ["2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"]),
    ],
)
def test_months_are_counted_from_the_anchor(acme, anchor, ends):
    box = make.mailbox(make.domain(acme), acme, on=True, anchor=anchor, months=2)
    seen = [subscription(box).expires_on.isoformat()]
    day = date(2027, 3, 1)
    while len(seen) < len(ends):
        run(day)
        found = subscription(box).expires_on.isoformat()
        if found != seen[-1]:
            seen.append(found)
        day += timedelta(days=1)
    assert seen == ends


def test_the_soonest_and_the_cheapest_are_paid_first_and_no_item_in_part(poor):
    domain = make.domain(poor)
    make.money(poor, 1150)
    yearly = make.mailbox(domain, poor, "a", on=True, expires_on=EXPIRY, renewal_months=12)
    monthly = make.mailbox(domain, poor, "b", on=True, expires_on=EXPIRY)
    sooner = make.mailbox(domain, poor, "c", on=True, expires_on=before(1), renewal_months=12)
    run(before(5))
    assert attempts(sooner) == [(before(5), Outcome.RENEWED, None)]
    assert attempts(monthly) == [(before(5), Outcome.RENEWED, None)]
    assert attempts(yearly) == [(before(5), Outcome.UNFUNDED, None)]
    assert posted(poor) == 50


def test_money_that_is_held_cannot_be_spent(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        wallet = session.scalars(select(Wallet)).one()
        wallet.held = 9_950
    run(before(5))
    assert attempts(box) == [(before(5), Outcome.UNFUNDED, None)]


def test_another_organization_pays_where_it_was_chosen(poor):
    payer = make.organization("Payer", balance=500)
    box = make.mailbox(make.domain(poor), poor, on=True, payer=payer, expires_on=EXPIRY)
    run(before(5))
    assert attempts(box)[0][1] is Outcome.RENEWED
    assert (posted(payer), posted(poor)) == (400, 0)


def test_a_price_that_is_missing_blocks_and_tells_the_operator(db_context):
    acme = make.organization(balance=1000)
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    run(before(5))
    assert attempts(box) == [(before(5), Outcome.BLOCKED, "no_price")]
    assert db.session.scalars(select(OperatorTask.kind)).all() == ["no_price"]


def test_a_mailbox_is_blocked_when_its_domain_ends_first_and_does_not_renew(acme):
    domain = make.domain(acme, expires_on=EXPIRY)
    box = make.mailbox(domain, acme, on=True, expires_on=EXPIRY)
    run(before(5))
    assert attempts(box) == [(before(5), Outcome.BLOCKED, "domain_ends_first")]
    assert posted(acme) == 10_000


def test_a_mailbox_renews_when_its_domain_ends_inside_the_new_period(acme):
    domain = make.domain(acme, expires_on=EXPIRY + timedelta(days=3))
    box = make.mailbox(domain, acme, on=True, expires_on=EXPIRY)
    run(before(5))
    assert attempts(box)[0][1] is Outcome.RENEWED


def test_a_mailbox_of_a_domain_that_is_gone_is_blocked(acme):
    domain = make.domain(acme)
    box = make.mailbox(domain, acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        session.get_one(Domain, domain.id).status = DomainStatus.GONE
    run(before(5))
    assert attempts(box) == [(before(5), Outcome.BLOCKED, "domain_gone")]


def test_a_mailbox_of_a_domain_registered_elsewhere_renews(acme):
    box = make.mailbox(make.domain(acme, external=True), acme, on=True, expires_on=EXPIRY)
    run(before(5))
    assert attempts(box)[0][1] is Outcome.RENEWED


def test_the_domain_is_renewed_before_its_mailbox_on_the_same_day(acme):
    domain = make.domain(acme, expires_on=EXPIRY, on=True)
    box = make.mailbox(domain, acme, on=True, expires_on=EXPIRY)
    run(before(5))
    order = db.session.scalars(
        select(JournalRow.event).where(JournalRow.event.like("%.renewed")).order_by(JournalRow.id)
    ).all()
    assert order == ["domain.renewed", "mailbox.renewed"]
    assert attempts(box)[0][1] is Outcome.RENEWED


def test_a_mailbox_is_blocked_when_its_domain_could_not_be_paid(poor):
    domain = make.domain(poor, expires_on=EXPIRY, on=True)
    make.money(poor, 200)
    box = make.mailbox(domain, poor, on=True, expires_on=EXPIRY)
    run(before(5))
    assert attempts(domain) == [(before(5), Outcome.UNFUNDED, None)]
    assert attempts(box) == [(before(5), Outcome.BLOCKED, "domain_ends_first")]
    assert posted(poor) == 200


def test_a_broken_row_waits_an_hour_and_stops_nobody(acme, monkeypatch):
    from app.renewals import service

    domain = make.domain(acme)
    bad = make.mailbox(domain, acme, "a", on=True, expires_on=EXPIRY)
    good = make.mailbox(domain, acme, "b", on=True, expires_on=EXPIRY)
    real = service.attempt

    def attempt(session, order, context):
        if order.subscription.id == bad.subscription_id:
            raise RuntimeError("boom")
        return real(session, order, context)

    monkeypatch.setattr(service, "attempt", attempt)
    run(before(5))
    assert attempts(bad) == []
    assert attempts(good)[0][1] is Outcome.RENEWED
    assert db.session.scalars(select(OperatorTask.kind)).all() == ["renewal_broken"]
    monkeypatch.undo()
    tick(at(before(5)) + timedelta(minutes=59))
    assert attempts(bad) == []
    tick(at(before(5)) + timedelta(minutes=60))
    assert attempts(bad) == [(before(5), Outcome.RENEWED, None)]
    tasks = db.session.scalars(select(OperatorTask.done_at)).all()
    assert None not in tasks


def test_w13_a_clock_that_went_back_stops_the_tick_and_tells_the_operator_once(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    run(before(6), 12)
    for _ in range(2):
        with pytest.raises(ClockWentBack):
            run(before(6), 11)
    assert db.session.scalars(select(OperatorTask.kind)).all() == ["clock_went_back"]
    run(before(5))
    assert attempts(box)[0][1] is Outcome.RENEWED


def test_every_balance_is_the_sum_of_its_entries_after_a_month_of_renewals(acme):
    domain = make.domain(acme)
    for local in "abcdefgh":
        make.mailbox(
            domain, acme, local, on=True, expires_on=EXPIRY - timedelta(days=ord(local) % 5)
        )
    for days in range(12, -3, -1):
        run(before(days))
    entries = db.session.scalars(select(func.sum(LedgerEntry.amount))).one()
    assert entries == 0
    assert posted(acme) == 10_000 - 8 * 100
    assert (
        db.session.scalars(
            select(func.count()).select_from(Renewal).where(Renewal.state == RenewalState.DONE)
        ).one()
        == 8
    )
    assert count(SandboxName) == 1


def test_statuses_follow_the_days_after_expiry(poor):
    box = make.mailbox(make.domain(poor), poor, expires_on=EXPIRY)
    seen = []
    for days in (1, 0, -6, -7, -36, -37):
        run(before(days))
        seen.append(subscription(box).status.value)
    assert seen == ["active", "grace", "grace", "suspended", "suspended", "deletable"]
    events = db.session.scalars(
        select(JournalRow.event).where(JournalRow.subject == box.name).order_by(JournalRow.id)
    ).all()
    assert events == ["subscription.expired", "subscription.suspended", "subscription.deletable"]


def test_what_lost_its_slot_by_mistake_is_found_within_a_day(acme):
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    run(before(20))
    with transaction() as session:
        session.get_one(Subscription, box.subscription_id).next_slot_on = None
    for days in (19, 5):
        run(before(days))
    assert attempts(box) == [(before(5), Outcome.RENEWED, None)]
