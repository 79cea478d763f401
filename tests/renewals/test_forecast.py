"""The forecast: the engine's rules played forward, and the engine itself as its judge."""

import random
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.accounts.installation import terms
from app.billing import service as billing
from app.billing.models import Wallet
from app.billing.rules import CardFacts
from app.db import db, transaction
from app.domains.models import Domain, SandboxName
from app.domains.rules import DomainStatus
from app.jobs.service import tick
from app.journal.service import Actor
from app.renewals.forecast import forecast
from app.renewals.foretold import (
    CardCharge,
    Charge,
    ForecastItem,
    Foretold,
    Outlook,
    Purse,
    Shortfall,
)
from app.renewals.funding import Refill
from app.renewals.models import Attempt, Renewal
from app.renewals.payers import known_of
from app.renewals.rules import DomainTie, next_attempt_day
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind, Verdict
from app.subscriptions.service import Choice, choose, locked
from tests import make
from tests.renewals.test_engine import at

TODAY = date(2027, 3, 1)
YEAR = date(2028, 3, 1)
EXTERNAL = DomainTie(external=True, gone=False, paid_through=None, auto_renewal=False, failed=False)


def name(number: int, expires_on: date, price: int | None = 1500, **more) -> ForecastItem:
    look = next_attempt_day(Kind.DOMAIN, expires_on, TODAY)
    return ForecastItem(number, Kind.DOMAIN, number, expires_on, look, 12, price, **more)


def box(
    number: int, expires_on: date, price: int | None = 100, *, on: int = 99, months: int = 1, **more
) -> ForecastItem:
    look = next_attempt_day(Kind.MAILBOX, expires_on, TODAY)
    return ForecastItem(
        number, Kind.MAILBOX, on, expires_on, look, months, price, anchor=expires_on, **more
    )


def tie(ends: date, *, on: bool = True, gone: bool = False, failed: bool = False) -> DomainTie:
    return DomainTie(external=False, gone=gone, paid_through=ends, auto_renewal=on, failed=failed)


def verdicts(available: int, items: list[ForecastItem], ties=None) -> dict[int, Outlook]:
    ties = (
        {99: EXTERNAL}
        | {i.domain_id: tie(i.expires_on) for i in items if i.anchor is None}
        | (ties or {})
    )
    return forecast(Purse(available), items, ties, TODAY, YEAR)


def test_three_domains_at_15_with_40_leave_the_third_unpaid():
    ends = date(2027, 4, 30)
    found = verdicts(4000, [name(n, ends) for n in (1, 2, 3)])
    day = date(2027, 3, 31)
    assert found == {
        1: Outlook(Verdict.WILL_RENEW, day),
        2: Outlook(Verdict.WILL_RENEW, day),
        3: Outlook(Verdict.SHORT, day, 500),
    }


def test_what_renews_each_month_uses_the_money_up_before_a_later_domain():
    monthly, later = box(1, date(2027, 3, 20), 100), name(2, date(2027, 9, 30), 1500)
    # Six months of the mailbox, paid before the domain's first attempt on 31 August.
    assert verdicts(2100, [monthly, later])[2].verdict is Verdict.WILL_RENEW
    assert verdicts(2099, [monthly, later])[2] == Outlook(Verdict.SHORT, date(2027, 8, 31), 1)


def test_a_cheaper_renewal_that_still_fits_is_paid_and_a_debt_is_part_of_what_is_missing():
    dear, cheap = name(1, date(2027, 4, 1), 1500), box(2, date(2027, 4, 3), 100)
    found = verdicts(1000, [dear, cheap])
    assert [found[n].missing for n in (1, 2)] == [500, None]
    assert verdicts(-300, [cheap])[2].missing == 400


def test_what_is_due_before_it_is_part_of_what_is_missing():
    mailbox, later = box(1, date(2027, 3, 10), 100), name(2, date(2027, 4, 20), 1500)
    found = verdicts(0, [mailbox, later])
    assert [found[n].missing for n in (1, 2)] == [100, 1600]


def test_a_month_that_comes_twice_before_it_is_counted_twice():
    monthly, later = box(1, date(2027, 3, 10), 100), name(2, date(2027, 5, 20), 1500)
    assert verdicts(0, [monthly, later])[2].missing == 1700


def test_the_mailboxes_of_a_domain_that_would_be_renewed_too_take_their_part():
    ends = date(2027, 3, 25)
    found = verdicts(0, [name(7, ends), box(1, ends, on=7), name(2, date(2027, 5, 9), 1200)])
    assert found[1].verdict is Verdict.DOMAIN_ENDS
    assert found[2].missing == 1500 + 100 + 1200


def test_what_a_card_pays_before_it_ends_need_not_be_paid_in():
    until_march = card(7, (2027, 3))
    items = [name(1, date(2027, 4, 20)), name(2, date(2027, 6, 20))]
    ties = {one.domain_id: tie(one.expires_on) for one in items}
    found = forecast(Purse(0, (until_march,)), items, ties, TODAY, YEAR)
    assert [found[n] for n in (1, 2)] == [
        Outlook(Verdict.WILL_RENEW, date(2027, 3, 21)),
        Outlook(Verdict.SHORT, date(2027, 5, 21), 1500),
    ]


prices = st.integers(1, 2000)
days = st.integers(1, 120).map(lambda number: TODAY + timedelta(days=number))


@given(
    available=st.integers(-500, 4000),
    domains=st.lists(st.tuples(days, prices), max_size=4),
    boxes=st.lists(st.tuples(days, prices, st.integers(0, 4), st.sampled_from([1, 12]))),
)
def test_whoever_pays_in_what_is_missing_has_it_renewed(available, domains, boxes):
    items = [name(10 + n, ends, price) for n, (ends, price) in enumerate(domains)]
    ties = {one.domain_id: tie(one.expires_on) for one in items}
    for number, (ends, price, place, months) in enumerate(boxes):
        on = 10 + place if 10 + place in ties else 99
        items.append(box(100 + number, ends, price, on=on, months=months))
    for number, one in verdicts(available, items, ties).items():
        if one.verdict is Verdict.SHORT:
            assert verdicts(available + one.missing, items, ties)[number].verdict is (
                Verdict.WILL_RENEW
            )


def test_what_costs_nothing_renews_even_with_a_debt():
    assert verdicts(-300, [box(1, date(2027, 4, 3), 0)])[1].verdict is Verdict.WILL_RENEW


def test_a_mailbox_whose_domain_ends_before_it_and_does_not_renew():
    ends = date(2027, 4, 1)
    for standing, expected in (
        (tie(ends, on=False), Verdict.DOMAIN_ENDS),
        (tie(ends - timedelta(days=9), on=True, failed=True), Verdict.DOMAIN_ENDS),
        (tie(ends + timedelta(days=1), on=False), Verdict.WILL_RENEW),
        (tie(ends, gone=True), Verdict.DOMAIN_GONE),
    ):
        assert verdicts(10_000, [box(1, ends, on=7)], {7: standing})[1].verdict is expected


def test_a_domain_that_cannot_be_paid_takes_its_mailboxes_along():
    ends = date(2027, 4, 30)
    found = verdicts(1000, [name(7, ends), box(1, ends, on=7)])
    assert (found[7].verdict, found[1].verdict) == (Verdict.SHORT, Verdict.DOMAIN_ENDS)
    assert verdicts(1600, [name(7, ends), box(1, ends, on=7)])[1].verdict is Verdict.WILL_RENEW


def test_a_domain_that_another_pays_counts_as_its_own_forecast_says():
    ends = date(2027, 4, 30)
    for paid, expected in ((True, Verdict.WILL_RENEW), (False, Verdict.DOMAIN_ENDS)):
        items = [name(7, ends, None, elsewhere=paid), box(1, ends, on=7)]
        found = verdicts(100, items)
        assert {key: outlook.verdict for key, outlook in found.items()} == {1: expected}


def test_a_renewal_under_way_has_its_money_already():
    assert verdicts(0, [name(1, date(2027, 3, 20), claimed=True)])[1].verdict is Verdict.WILL_RENEW


def test_what_is_not_for_sale_or_too_late():
    assert verdicts(9999, [box(1, date(2027, 4, 1), None)])[1].verdict is Verdict.NO_PRICE
    late = box(1, TODAY)
    assert late.look_on is None
    assert verdicts(9999, [late])[1] == Outlook(Verdict.EXPIRED, None)
    missed = late._replace(look_on=TODAY - timedelta(days=4), since=TODAY - timedelta(days=30))
    assert verdicts(9999, [missed])[1].verdict is Verdict.WILL_RENEW


def test_what_comes_after_the_year_is_judged_by_what_the_year_leaves():
    far = name(1, date(2035, 1, 1), 1500)
    monthly = box(2, date(2027, 3, 20), 100)
    assert verdicts(2700, [far, monthly])[1].verdict is Verdict.WILL_RENEW
    assert verdicts(2600, [far, monthly])[1].verdict is Verdict.SHORT


def test_charges_are_told_in_order_with_the_balance_after_each():
    told: list[Foretold] = []
    items = [box(1, date(2027, 3, 31), 100), box(2, date(2027, 3, 30), 150, months=12)]
    forecast(Purse(450), items, {99: EXTERNAL}, TODAY, YEAR, told=told.append)
    assert told.pop() == Shortfall(date(2027, 6, 25), 1, 100, 100)
    assert [(c.day.isoformat(), c.subscription_id, c.balance) for c in told] == [
        ("2027-03-25", 2, 300),
        ("2027-03-26", 1, 200),
        ("2027-04-25", 1, 100),
        ("2027-05-26", 1, 0),
    ]


def card(number: int = 1, exp: tuple[int, int] = (2035, 12), rank: int = 0, **more) -> CardFacts:
    facts = {"validated": True, "auto_debit": True, "unusable": False} | more
    return CardFacts(number, *exp, rank=rank, **facts)


def told_of(purse: Purse, items: list[ForecastItem]) -> list[Foretold]:
    told: list[Foretold] = []
    ties = {99: EXTERNAL} | {i.domain_id: tie(i.expires_on) for i in items if i.anchor is None}
    forecast(purse, items, ties, TODAY, YEAR, told=told.append)
    return told


def test_a_card_is_charged_once_a_day_for_all_that_the_wallet_lacks():
    ends = date(2027, 4, 30)
    told = told_of(Purse(4000, (card(7),)), [name(n, ends) for n in (1, 2, 3)])
    day = date(2027, 3, 31)
    assert told == [
        CardCharge(day, 7, 500, 4500),
        Charge(day, 1, 1500, 3000),
        Charge(day, 2, 1500, 1500),
        Charge(day, 3, 1500, 0),
    ]


def test_a_card_is_never_charged_less_than_is_worth_it():
    told = told_of(Purse(1480, (card(7),)), [name(1, date(2027, 4, 30))])
    assert told[0] == CardCharge(date(2027, 3, 31), 7, 50, 1530)
    assert told[1].balance == 30


def test_a_card_that_expires_before_the_day_pays_nothing():
    later, sooner = name(1, date(2027, 9, 30)), name(2, date(2027, 4, 30))
    purse = Purse(0, (card(exp=(2027, 5)),))
    ties = {n.domain_id: tie(n.expires_on) for n in (later, sooner)}
    found = forecast(purse, [later, sooner], ties, TODAY, YEAR)
    assert found[2].verdict is Verdict.WILL_RENEW
    assert found[1] == Outlook(Verdict.SHORT, date(2027, 8, 31), 1500)


@pytest.mark.parametrize("fault", [{"validated": False}, {"auto_debit": False}, {"unusable": True}])
def test_a_card_that_may_not_be_charged_does_not_count(fault):
    one = name(1, date(2027, 4, 30))
    found = forecast(Purse(0, (card(**fault),)), [one], {1: tie(one.expires_on)}, TODAY, YEAR)
    assert found[1].verdict is Verdict.SHORT


def test_what_no_card_may_be_tried_for_again_counts_on_the_wallet_alone():
    one, other = name(1, date(2027, 4, 30), by_card=False), name(2, date(2027, 4, 30))
    ties = {n.domain_id: tie(n.expires_on) for n in (one, other)}
    found = forecast(Purse(0, (card(),)), [one, other], ties, TODAY, YEAR)
    assert [found[n].verdict for n in (1, 2)] == [Verdict.SHORT, Verdict.WILL_RENEW]


def test_a_refill_is_part_of_the_days_one_charge():
    told = told_of(Purse(1000, (card(7),), Refill(500, 3000)), [name(1, date(2027, 4, 30))])
    day = date(2027, 3, 31)
    assert told == [CardCharge(day, 7, 3500, 4500), Charge(day, 1, 1500, 3000)]


def test_the_card_that_a_service_names_comes_before_the_default_one():
    one = name(1, date(2027, 4, 30), card_id=8)
    assert told_of(Purse(0, (card(7), card(8, rank=1))), [one])[0].card_id == 8


# ---- The engine as the judge


class World:
    """Customers by chance: who pays what for whom, with how much money."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.services: list[make.MadeService] = []
        make.usual_prices()
        pick = self.chance.choice
        self.payers = [
            make.organization(one, balance=pick([0, 150, 900, 1700, 4000, 20_000]))
            for one in ("A", "B", "C")
        ]
        for _ in range(6):
            self.domain()

    def domain(self) -> None:
        chance, pick = self.chance, self.chance.choice
        number = len(self.services)
        ends = TODAY + timedelta(days=chance.randint(1, 60))
        made = make.domain(
            pick(self.payers), f"name{number}.{pick(['org', 'org', 'org', 'net'])}",
            expires_on=ends, on=chance.random() < 0.7, payer=pick(self.payers),
            external=chance.random() < 0.1,
        )  # fmt: skip
        if made.subscription_id is not None:
            self.services.append(made)
        for local in "abcd"[: chance.randint(0, 4)]:
            self.services.append(
                make.mailbox(
                    made, pick(self.payers), local,
                    anchor=ends + timedelta(days=chance.randint(-90, 20)), months=1,
                    on=chance.random() < 0.8, payer=pick(self.payers),
                    renewal_months=pick([1, 1, 12]),
                )
            )  # fmt: skip

    def stir(self, day: date) -> None:
        """Money comes, people switch, registries lose names and answers."""
        for payer in self.payers:
            if self.chance.random() < 0.5:
                make.money(payer, self.chance.choice([100, 1500, 5000]))
        for made in self.chance.sample(self.services, 6):
            self.switch(made, day)
        with transaction() as session:
            for one in session.scalars(select(SandboxName)).all():
                if self.chance.random() < 0.1:
                    one.faults = ["timeout-after"]
            lost = self.chance.choice(session.scalars(select(Domain)).all())
            lost.status = DomainStatus.GONE
            billing.forecast_anew(session)

    def switch(self, made: make.MadeService, day: date) -> None:
        with transaction() as session:
            row = locked(session, made.subscription_id)
            choice = Choice(
                not row.auto_renewal, row.renewal_months, self.chance.choice(self.payers).id
            )
            slot = next_attempt_day(row.kind, row.expires_on, day)
            choose(session, row, choice, next_slot_on=slot, by=Actor(), now=at(day, 10))


def run_the_engine(now: datetime) -> None:
    """The jobs of a tick on which renewals depend, in their order."""
    for job in ("recovery", "prices", "renewals", "funded", "lapses", "forecasts"):
        tick(now, job)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_engine_renews_what_the_forecast_said(db_context, seed):
    world, day = World(seed), TODAY
    for _ in range(world.chance.randint(0, 12)):
        run_the_engine(at(day))
        day += timedelta(days=1)
    world.stir(day)
    tick(at(day, 8), "forecasts")
    until, foretold = day + timedelta(days=45), []
    for payer in world.payers:
        known = known_of(db.session(), payer.id, day, terms())
        forecast(known.purse, known.items, known.ties, day, until, told=foretold.append)
    db.session.rollback()
    said = dict(
        db.session.execute(
            select(Subscription.id, Subscription.verdict).where(Subscription.auto_renewal)
        ).all()
    )
    first_new = db.session.scalar(select(Attempt.id).order_by(Attempt.id.desc()).limit(1)) or 0
    while day <= until:
        run_the_engine(at(day))
        run_the_engine(at(day, 10))
        day += timedelta(days=1)
    rows = db.session.execute(
        select(Attempt.business_date, Renewal.subscription_id, Renewal.price)
        .join(Renewal, Renewal.attempt_id == Attempt.id)
        .where(Attempt.id > first_new)
    ).all()
    happened = {tuple(row) for row in rows}
    charges = [one for one in foretold if isinstance(one, Charge)]
    assert {(c.day, c.subscription_id, c.amount) for c in charges} == happened
    for subscription_id in {row[1] for row in happened}:
        assert said[subscription_id] is Verdict.WILL_RENEW
    assert None not in said.values()
    assert all(held == 0 for held in db.session.scalars(select(Wallet.held)))
