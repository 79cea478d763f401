"""A wallet with ten euros."""

import pytest

from tests.billing.ledger.world import purse


@pytest.fixture
def acme(db_context):
    return purse(1000)
