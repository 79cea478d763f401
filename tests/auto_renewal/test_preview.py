"""What the preview says of a choice, on values alone."""

from dataclasses import replace
from datetime import date

import pytest

from app.auto_renewal.preview import (
    CardFacts,
    Caution,
    DomainAdvice,
    Facts,
    advice,
    cautions,
    last_valid_day,
    preview,
)
from app.renewals.rules import DomainTie
from app.subscriptions.rules import Kind

TODAY = date(2027, 3, 1)
MAILBOX = Facts(
    Kind.MAILBOX, date(2027, 3, 28), TODAY, on=True, months=1, price=100, available=1000
)
DOMAIN = Facts(
    Kind.DOMAIN, date(2028, 1, 31), TODAY, on=True, months=12, price=1500, available=1000,
    contact="Acme", card=CardFacts("Acme", 12, 2028), cards_of_payer=1,
)  # fmt: skip
TIE = DomainTie(
    external=False, gone=False, paid_through=date(2028, 1, 31), auto_renewal=False, failed=False
)


@pytest.mark.parametrize(
    ("months", "price", "per_month", "per_year"),
    [(1, 100, 100, 1200), (12, 1000, 83, 1000), (12, 1006, 84, 1006), (24, 3000, 125, 1500),
     (12, 0, 0, 0), (12, None, None, None)],
)  # fmt: skip
def test_a_price_is_told_per_month_and_per_year(months, price, per_month, per_year):
    told = preview(replace(MAILBOX, months=months, price=price))
    assert (told.per_month, told.per_year) == (per_month, per_year)


@pytest.mark.parametrize(
    ("expires_on", "first"),
    [
        (date(2027, 3, 28), date(2027, 3, 23)),
        (date(2027, 3, 6), TODAY),
        (date(2027, 3, 4), TODAY),
        (date(2027, 3, 2), TODAY),
        (date(2027, 3, 1), None),
        (date(2027, 2, 1), None),
    ],
)
def test_a_mailbox_is_first_charged_in_its_last_five_days(expires_on, first):
    assert preview(replace(MAILBOX, expires_on=expires_on)).first_charge_on == first


@pytest.mark.parametrize(
    ("expires_on", "first"),
    [(date(2028, 1, 31), date(2028, 1, 1)), (date(2027, 3, 21), date(2027, 3, 6))],
)
def test_a_domain_is_first_charged_on_its_own_days(expires_on, first):
    assert preview(replace(DOMAIN, expires_on=expires_on)).first_charge_on == first


def test_a_slot_that_was_used_today_is_not_promised_again():
    facts = replace(MAILBOX, expires_on=date(2027, 3, 4), tried_today=True)
    assert preview(facts).first_charge_on == date(2027, 3, 2)
    assert preview(replace(facts, expires_on=date(2027, 3, 2))).first_charge_on is None


def test_switched_off_nothing_is_charged():
    assert preview(replace(MAILBOX, on=False)).first_charge_on is None


@pytest.mark.parametrize(
    ("available", "missing"), [(1000, 0), (100, 0), (99, 1), (0, 100), (-250, 350), (None, None)]
)
def test_it_says_what_the_wallet_lacks(available, missing):
    assert preview(replace(MAILBOX, available=available)).missing == missing


def test_without_a_price_nothing_is_said_of_the_wallet():
    assert preview(replace(MAILBOX, price=None)).missing is None


@pytest.mark.parametrize(
    ("holder", "cards", "said"),
    [
        ("Acme", 2, False),
        (" ACME ", 2, False),
        ("Bob", 1, False),
        ("Bob", 2, True),
    ],
)
def test_a_holder_other_than_the_contact_is_pointed_out(holder, cards, said):
    facts = replace(DOMAIN, card=CardFacts(holder, 12, 2028), cards_of_payer=cards)
    assert (Caution.HOLDER_DIFFERS in cautions(facts)) is said


@pytest.mark.parametrize(
    ("expires_on", "said"),
    [(date(2028, 1, 30), False), (date(2028, 1, 31), True), (date(2028, 3, 1), True)],
)
def test_a_card_that_ends_before_the_first_charge_is_pointed_out(expires_on, said):
    facts = replace(DOMAIN, expires_on=expires_on, card=CardFacts("Acme", 12, 2027))
    assert (Caution.CARD_ENDS_FIRST in cautions(facts)) is said


def test_there_is_nothing_to_point_out_when_switched_off_or_without_a_card():
    facts = replace(DOMAIN, card=CardFacts("Bob", 1, 2027), cards_of_payer=2)
    assert cautions(replace(facts, on=False)) == ()
    assert cautions(replace(facts, card=None)) == ()


@pytest.mark.parametrize(
    ("year", "month", "last"),
    [(2027, 12, date(2027, 12, 31)), (2028, 2, date(2028, 2, 29)), (2027, 2, date(2027, 2, 28))],
)
def test_a_card_is_valid_through_the_last_day_of_its_month(year, month, last):
    assert last_valid_day(year, month) == last


@pytest.mark.parametrize(
    ("tie", "said"),
    [
        (None, None),
        (TIE, DomainAdvice.NOT_RENEWED),
        (replace(TIE, auto_renewal=True), None),
        (replace(TIE, paid_through=date(2027, 3, 28)), DomainAdvice.ENDS_FIRST),
        (replace(TIE, paid_through=date(2027, 3, 28), auto_renewal=True), None),
        (
            replace(TIE, paid_through=date(2027, 3, 28), auto_renewal=True, failed=True),
            DomainAdvice.FAILED,
        ),
        (replace(TIE, paid_through=date(2027, 3, 29)), DomainAdvice.NOT_RENEWED),
        (replace(TIE, gone=True), DomainAdvice.GONE),
        (replace(TIE, gone=True, auto_renewal=True), DomainAdvice.GONE),
        (replace(TIE, external=True), None),
    ],
)
def test_a_mailbox_depends_on_its_domain(tie, said):
    assert advice(replace(MAILBOX, tie=tie)) == said


def test_switched_off_there_is_no_advice():
    assert advice(replace(MAILBOX, tie=TIE, on=False)) is None
