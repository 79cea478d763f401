"""A domain with a mailbox, the browser of their owner, and somebody else."""

import pytest

from tests import make
from tests.pages import signed_in


@pytest.fixture
def beta(app, acme):
    with app.app_context():
        return make.organization("Beta")


@pytest.fixture
def marie(app, acme):
    with app.app_context():
        return make.owner(acme)


@pytest.fixture
def owner(app, marie):
    return signed_in(app, marie)


@pytest.fixture
def domain(app, acme):
    with app.app_context():
        return make.domain(acme, "example.org")


@pytest.fixture
def mailbox(app, acme, domain):
    with app.app_context():
        return make.mailbox(domain, acme)
