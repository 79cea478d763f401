"""Passwords that are too easy, and owners who must stay."""

import pytest

from app.accounts.rules import Role, is_guessable, last_owner_stays


@pytest.mark.parametrize(
    "password",
    ["Password2027!", "motdepasse1", "1234567890", "9876543210", "aaaaaaaaaa", "Marie-12345",
     "marie.dupont99", "MARIE.DUPONT@EXAMPLE.NET", "azertyuiop"],
)  # fmt: skip
def test_a_password_others_would_try_first_is_guessable(password):
    assert is_guessable(password, "marie.dupont@example.net", "Marie")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Marie goes to Rome", "7391846205", "ça va, merci !"]
)
def test_other_passwords_are_not(password):
    assert not is_guessable(password, "marie.dupont@example.net", "Marie")


def test_only_the_last_owner_has_to_stay():
    assert last_owner_stays([Role.OWNER, Role.VIEWER], Role.OWNER)
    assert not last_owner_stays([Role.OWNER, Role.OWNER], Role.OWNER)
    assert not last_owner_stays([Role.OWNER, Role.VIEWER], Role.VIEWER)
