"""Reasons of a suspension are a set: service resumes when it is empty (A11)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Organization
from app.accounts.suspensions import reasons, resume, suspend
from app.db import transaction
from app.journal.models import JournalRow
from app.journal.service import HOST
from tests import make

LATER = make.NOW + timedelta(days=1)


@pytest.fixture
def acme(db_context) -> make.Made:
    return make.organization()


def suspended(acme: make.Made, reason: str, now=make.NOW) -> bool:
    with transaction() as session:
        return suspend(session, acme.id, reason, by=HOST, now=now)


def resumed(acme: make.Made, reason: str) -> bool:
    with transaction() as session:
        return resume(session, acme.id, reason, by=HOST, now=LATER)


def test_one_reason_suspends_and_its_end_resumes(db_context, acme):
    assert suspended(acme, "inactivity")
    assert db_context.get_one(Organization, acme.id).suspended_since == make.NOW
    assert resumed(acme, "inactivity")
    assert db_context.get_one(Organization, acme.id).suspended_since is None


def test_repeats_change_nothing(db_context, acme):
    assert not resumed(acme, "inactivity")
    suspended(acme, "inactivity")
    assert not suspended(acme, "inactivity", LATER)
    assert [one.since for one in reasons(db_context(), acme.id)] == [make.NOW]


def test_resolving_one_reason_leaves_the_others(db_context, acme):
    suspended(acme, "inactivity")
    suspended(acme, "negative_balance", LATER)
    resumed(acme, "inactivity")
    assert db_context.get_one(Organization, acme.id).suspended_since == make.NOW
    assert [one.reason for one in reasons(db_context(), acme.id)] == ["negative_balance"]


def test_only_the_first_and_the_last_reason_are_told_as_such(db_context, acme):
    for reason in ("inactivity", "negative_balance"):
        suspended(acme, reason)
    for reason in ("inactivity", "negative_balance"):
        resumed(acme, reason)
    told = db_context.execute(
        select(JournalRow.event, JournalRow.subject).order_by(JournalRow.id)
    ).all()
    assert [row.event for row in told] == [
        "organization.suspended", "organization.suspension_added",
        "organization.suspension_lifted", "organization.resumed",
    ]  # fmt: skip
    assert {row.subject for row in told} == {acme.name}
