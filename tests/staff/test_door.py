"""The operator's door: password and code, each code once, and nobody learns that it is there."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Operator, SignIn
from app.accounts.second_factor import code_at, place_of, secret_of
from app.db import db
from tests import make
from tests.pages import fill, sign_in, signed_in

KEY = "only-for-the-tests"


@pytest.fixture
def camille(app, clock):
    with app.app_context():
        return make.operator("Camille")


@pytest.fixture
def code(app, camille, clock):
    """The code that Camille's app shows now."""

    def shown() -> str:
        with app.app_context():
            factor = db.session.get_one(Operator, camille.id).factor
        return code_at(secret_of(KEY, factor), clock.now())

    return shown


@pytest.mark.usefixtures("camille")
def test_a_page_asks_for_the_code_first_and_comes_back(app, camille, code):
    client = signed_in(app, camille)
    asked = client.get("/staff/organizations")
    assert (asked.status_code, asked.location) == (303, "/staff/confirm?next=/staff/organizations")
    answer = fill(client, asked.location, {"code": code()})
    assert (answer.status_code, answer.location) == (303, "/staff/organizations")
    assert client.get("/staff/organizations").status_code == 200


def test_another_browser_of_the_same_person_is_asked_too(app, camille, code):
    fill(signed_in(app, camille), "/staff/confirm", {"code": code()})
    assert signed_in(app, camille).get("/staff").status_code == 303


def token_hash(app) -> str:
    with app.app_context():
        return db.session.scalars(select(SignIn.token_hash)).one()


def test_a_good_code_gives_the_browser_another_token(app, camille, code):
    client = signed_in(app, camille)
    before = token_hash(app)
    fill(client, "/staff/confirm", {"code": code()})
    assert token_hash(app) != before


def test_a_code_opens_once(app, camille, code):
    used = code()
    assert fill(signed_in(app, camille), "/staff/confirm", {"code": used}).status_code == 303
    again = fill(signed_in(app, camille), "/staff/confirm", {"code": used})
    assert again.status_code == 422
    assert "was used already" in again.get_data(as_text=True)


@pytest.mark.parametrize("text", ["000000", "12345", "not a code", "１２３４５６", "9" * 20])
def test_other_texts_open_nothing(app, camille, text):
    assert fill(signed_in(app, camille), "/staff/confirm", {"code": text}).status_code == 422


def test_guessing_is_stopped(app, camille, code):
    client = signed_in(app, camille)
    for _try in range(5):
        fill(client, "/staff/confirm", {"code": "000000"})
    assert fill(client, "/staff/confirm", {"code": code()}).status_code == 429


def test_half_a_day_later_a_new_code_is_asked(app, camille, clock):
    client = signed_in(app, camille, is_confirmed=True)
    assert client.get("/staff").status_code == 200
    clock.advance(timedelta(hours=12, minutes=1))
    assert client.get("/staff").status_code == 303


def test_who_is_dismissed_is_out_at_once(app, camille):
    client = signed_in(app, camille, is_confirmed=True)
    result = app.test_cli_runner().invoke(args=["operator", "dismiss", camille.name])
    assert result.exit_code == 0, result.output
    assert client.get("/staff").location.startswith("/login")
    assert signed_in(app, camille, is_confirmed=True).get("/staff").status_code == 404


def test_an_address_is_dismissed_as_it_was_appointed(app):
    runner = app.test_cli_runner()
    runner.invoke(args=["operator", "appoint", "Zoe@Hébert.example"])
    result = runner.invoke(args=["operator", "dismiss", "Zoe@Hébert.example"])
    assert result.exit_code == 0, result.output


def test_a_new_factor_shuts_the_pages_until_its_code_is_given(app, camille):
    client = signed_in(app, camille, is_confirmed=True)
    result = app.test_cli_runner().invoke(args=["operator", "appoint", camille.name])
    assert "otpauth://totp/" in result.output
    assert client.get("/staff").status_code == 303


def test_somebody_new_is_appointed_and_chooses_a_password(app, client, clock):
    result = app.test_cli_runner().invoke(args=["operator", "appoint", "New@Host.example"])
    assert result.exit_code == 0, result.output
    link = next(line.strip() for line in result.output.splitlines() if "/password/" in line)
    path = "/password/" + link.rpartition("/")[2]
    assert fill(client, path, {"name": "Nina", "password": make.PASSWORD}).status_code == 303
    assert "new@host.example" in app.test_cli_runner().invoke(args=["operator"]).output


def test_a_wrong_address_is_refused_in_words(app):
    runner = app.test_cli_runner()
    assert "is no e-mail address" in runner.invoke(args=["operator", "appoint", "camille"]).output
    assert "is no operator" in runner.invoke(args=["operator", "dismiss", "a@b.example"]).output
    assert "There is no operator yet" in runner.invoke(args=["operator"]).output


@pytest.mark.usefixtures("clock")
def test_customers_see_nothing_of_it(app):
    with app.app_context():
        marie = make.owner(make.organization("Acme"), "Marie", language="en")
    client = signed_in(app, marie)
    assert "/staff" not in client.get("/").get_data(as_text=True)
    assert client.get("/staff/confirm").status_code == 404
    assert "/staff/" not in client.get("/staff").get_data(as_text=True)


def test_an_operator_without_organizations_begins_at_their_own_pages(client, camille):
    sign_in(client, camille)
    assert client.get("/").location == "/staff"


def test_a_clock_may_be_one_code_off():
    secret, now = secret_of(KEY, "factor"), make.NOW
    for off in (-30, 0, 30):
        shown = code_at(secret, now + timedelta(seconds=off))
        assert place_of(secret, f"{shown[:3]} {shown[3:]}", now) is not None
    assert place_of(secret, code_at(secret, now + timedelta(seconds=90)), now) is None
