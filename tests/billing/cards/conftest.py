"""Acme, its owner's browser, three cards."""

import pytest

from tests import make
from tests.pages import signed_in


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        return signed_in(app, make.owner(acme, language="en"))


@pytest.fixture
def three(app, acme):
    with app.app_context():
        return [make.card(acme, holder=holder).name for holder in ("One", "Two", "Three")]
