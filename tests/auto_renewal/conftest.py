"""Acme, which can pay."""

import pytest

from tests import make


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme", balance=5000)
