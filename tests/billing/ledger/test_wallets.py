"""Wallets: debited, held, captured, released, never below what they have (L3, L4)."""

import sqlite3

import psycopg
import pytest

from app.billing import service as billing
from app.billing.rules import NotBalanced
from app.db import transaction
from tests.billing.ledger.world import raw


def test_money_is_debited_held_captured_and_released(acme):
    acme.move(billing.debit, 200)
    assert acme.money == (800, 0, 0)
    acme.move(billing.hold, 300)
    assert acme.money == (800, 300, 0)
    acme.move(billing.capture, 100)
    assert acme.money == (700, 200, 0)
    acme.move(billing.release, 200)
    assert acme.money == (700, 0, 0)


def test_all_that_is_there_can_be_spent_and_not_a_cent_more(acme):
    with pytest.raises(billing.NotEnough):
        acme.move(billing.debit, 1001)
    acme.move(billing.debit, 1000)
    assert acme.money == (0, 0, 0)


@pytest.mark.parametrize("spend", [billing.debit, billing.hold])
def test_f3_what_is_held_is_not_spent_again(acme, spend):
    acme.move(billing.hold, 800)
    with pytest.raises(billing.NotEnough):
        acme.move(spend, 300)
    assert acme.money == (1000, 800, 0)


@pytest.mark.parametrize("settle", [billing.capture, billing.release])
def test_no_more_is_settled_than_is_held(acme, settle):
    acme.move(billing.hold, 300)
    with pytest.raises(NotBalanced):
        acme.move(settle, 301)
    assert acme.money == (1000, 300, 0)


@pytest.mark.parametrize("change", [billing.debit, billing.hold, billing.capture, billing.release])
def test_a_negative_amount_is_no_way_to_get_money(acme, change):
    with pytest.raises(ValueError, match="negative"):
        acme.move(change, -5)
    assert acme.money == (1000, 0, 0)


def test_an_entry_of_the_host_may_go_below_zero_and_credits_come_back_from_there(acme):
    acme.move(billing.credit, -1500)
    assert acme.money == (-500, 0, 500)
    with pytest.raises(billing.NotEnough):
        acme.move(billing.debit, 1)
    acme.move(billing.credit, 200)
    assert acme.money == (-300, 0, 300)
    acme.move(billing.credit, 400)
    assert acme.money == (100, 0, 0)


def test_money_given_back_pays_the_overdraft(acme):
    acme.move(billing.hold, 800)
    acme.move(billing.credit, -500)
    assert acme.money == (500, 800, 300)
    acme.move(billing.release, 800)
    assert acme.money == (500, 0, 0)


@pytest.mark.parametrize(
    "change", ["posted = -1", "held = 1001", "held = -1", "posted = posted - 1001"]
)
def test_the_database_itself_refuses_overspending(acme, change):
    with raw() as execute, pytest.raises((sqlite3.DatabaseError, psycopg.Error)):
        execute(f"UPDATE wallets SET {change}")
    assert acme.money == (1000, 0, 0)


def test_asking_for_a_wallet_twice_gives_the_same(acme):
    with transaction() as session:
        assert billing.ensure_wallet(session, acme.organization, "EUR") == acme.wallet
        assert billing.ensure_wallet(session, acme.organization, "USD") != acme.wallet
