"""Signing in and out through the pages."""

import pytest

from tests import make
from tests.pages import sign_in, signed_in, submit


@pytest.fixture
def marie(app):
    with app.app_context():
        return make.user("Marie")


def test_the_right_password_opens_the_overview(client, marie):
    answer = sign_in(client, marie)
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/").status_code == 200


def test_signing_in_leads_to_where_one_was_going(client, marie):
    answer = client.get("/profile")
    assert answer.status_code == 303
    answer = submit(client, answer.location, {"email": marie.name, "password": make.PASSWORD})
    assert answer.location == "/profile"


def test_after_signing_out_the_page_is_closed(client, marie):
    sign_in(client, marie)
    assert submit(client, "/logout", {}).location == "/login"
    assert client.get("/").status_code == 303


def test_a_signed_in_client_needs_no_page(app, marie):
    assert signed_in(app, marie).get("/").status_code == 200
