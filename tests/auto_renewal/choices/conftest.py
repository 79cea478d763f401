"""A domain with a mailbox, the owner of two organizations, and a stranger's."""

import pytest

from app.accounts.rules import Role
from tests import make
from tests.auto_renewal.choices.world import member_of


@pytest.fixture
def beta(app, acme):
    with app.app_context():
        return make.organization("Beta", balance=5000)


@pytest.fixture
def stranger(app, acme):
    """An organization of somebody else, with a contact and a card of its own."""
    with app.app_context():
        made = make.organization("Stranger")
        make.contact(made, "Strange office")
        make.card(made, holder="Strange holder")
        return made


@pytest.fixture
def domain(app, acme):
    with app.app_context():
        made = make.domain(acme, "example.org")
        make.mailbox(made, acme)
        return made


@pytest.fixture
def owner(app, acme, beta):
    """Owns both organizations."""
    return member_of(app, (acme, Role.OWNER), (beta, Role.OWNER))
