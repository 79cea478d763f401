"""The sandbox bank's page: made-up cards, confirmation, refusal, and each page ended once."""

from datetime import timedelta

import pytest

from app.billing.gateways.sandbox import SandboxGateway
from app.billing.ports import Abandoned, CardDetails, Declined, Money, Paid, Payer, Waiting
from app.db import TransactionOpen, transaction
from app.web.state import now
from tests.page_check import problems
from tests.pages import fill, send

PAYER = Payer("acme-1", "Acme", "compta@people.example", "en")
DONE, CANCEL = "http://localhost/done", "http://localhost/cancel"
FIFTEEN = Money(1500, "EUR")
CARD = {"holder": "Ada", "month": "12", "year": "2030"}


class Bank:
    """The gateway, each call in a context of its own, as between requests."""

    def __init__(self, app):
        self.app = app

    def __getattr__(self, name):
        def call(*arguments, **named):
            with self.app.app_context():
                return getattr(SandboxGateway(now), name)(*arguments, **named)

        return call


@pytest.fixture
def bank(app, clock):
    return Bank(app)


def opened(bank, money=None):
    back = {"key": f"key-{money}", "done_url": DONE, "cancel_url": CANCEL}
    page = bank.begin_payment(money, PAYER, **back) if money else bank.begin_setup(PAYER, **back)
    return page.ref, page.url[page.url.index("/sandbox") :]


@pytest.fixture
def setup(bank):
    return opened(bank)


@pytest.fixture
def payment(bank):
    return opened(bank, FIFTEEN)


def press(client, address, do, **changes):
    return fill(client, address, {**CARD, **changes, "do": do})


def outcome(bank):
    return bank.payment(f"key-{FIFTEEN}")


def test_the_page_is_sound_and_asks_no_number(client, setup, payment):
    for _ref, address in (setup, payment):
        page = client.get(address).get_data(as_text=True)
        assert problems(page) == []
        assert "no real money" in page
        assert 'name="number"' not in page


@pytest.mark.parametrize("behaviour", ["ok", "declined", "stolen", "timeout", "down"])
def test_a_card_of_any_behaviour_is_saved(client, bank, setup, behaviour):
    ref, address = setup
    answer = press(client, address, "save", behaviour=behaviour)
    assert (answer.status_code, answer.location) == (303, DONE)
    card = bank.setup(ref)
    assert isinstance(card, CardDetails)
    assert card.token.startswith(f"sandbox:{behaviour}:")
    assert (card.holder, card.exp_month, card.exp_year) == ("Ada", 12, 2030)


def test_a_bank_that_wants_confirmation_shows_a_further_page(client, bank, setup):
    ref, address = setup
    page = press(client, address, "save", behaviour="sca").get_data(as_text=True)
    assert "Is this you?" in page
    assert problems(page) == []
    assert bank.setup(ref) == Waiting()
    assert fill(client, address, {"do": "confirm"}).location == DONE
    assert bank.setup(ref).token.startswith("sandbox:sca:")


def test_a_refused_confirmation_saves_nothing(client, bank, setup):
    ref, address = setup
    press(client, address, "save", behaviour="sca")
    assert fill(client, address, {"do": "refuse"}).location == DONE
    assert bank.setup(ref) == Abandoned()


@pytest.mark.parametrize("behaviour", ["declined", "stolen", "down"])
def test_a_card_that_does_not_pay_leaves_the_page_open_for_another(
    client, bank, payment, behaviour
):
    _ref, address = payment
    answer = press(client, address, "pay", behaviour=behaviour)
    assert answer.status_code == 422
    assert 'value="Ada"' in answer.get_data(as_text=True)
    assert outcome(bank) == Waiting()
    assert press(client, address, "pay", behaviour="ok").location == DONE
    assert isinstance(outcome(bank), Paid)


def test_a_lost_answer_is_paid_though_nobody_comes_back(client, bank, payment):
    answer = press(client, payment[1], "pay", behaviour="timeout")
    assert answer.status_code == 200
    assert problems(answer.get_data(as_text=True)) == []
    assert isinstance(outcome(bank), Paid)


def test_a_page_ends_once_however_often_its_buttons_are_pressed(client, bank, payment):
    _ref, address = payment
    html = client.get(address).get_data(as_text=True)
    for _time in range(2):
        answer = send(client, address, html, {**CARD, "do": "pay"})
        assert (answer.status_code, answer.location) == (303, DONE)
    paid = outcome(bank)
    assert send(client, address, html, {**CARD, "do": "cancel"}).location == DONE
    assert client.get(address).location == DONE
    assert outcome(bank) == paid


def test_whoever_cancels_goes_back_and_nothing_can_happen_any_more(client, bank, payment):
    _ref, address = payment
    html = client.get(address).get_data(as_text=True)
    assert send(client, address, html, {"do": "cancel"}).location == CANCEL
    assert send(client, address, html, {**CARD, "do": "pay"}).location == CANCEL
    assert outcome(bank) == Abandoned()


def test_a_refused_payment_is_declined(client, bank, payment):
    assert press(client, payment[1], "refuse").location == DONE
    assert isinstance(outcome(bank), Declined)


def test_a_page_is_left_after_a_day(client, bank, payment, clock):
    clock.set(clock.now() + timedelta(hours=24))
    assert outcome(bank) == Abandoned()
    assert client.get(payment[1]).location == CANCEL


@pytest.mark.parametrize(
    "wrong",
    [{"holder": " "}, {"month": "13"}, {"year": "2050"}, {"behaviour": "x"},
     {"month": "2", "year": "2027"}],
)  # fmt: skip
def test_a_wrong_field_keeps_the_page_as_it_was_filled_in(client, bank, setup, wrong):
    ref, address = setup
    answer = press(client, address, "save", **wrong)
    assert answer.status_code == 422
    assert bank.setup(ref) == Waiting()


def test_a_page_nobody_opened_does_not_exist(client):
    assert client.get("/sandbox/gateway/nonsense").status_code == 404


def test_without_the_sandbox_gateway_there_is_no_such_page():
    from app import create_app
    from app.settings import Settings

    for more in ({}, {"sandbox": True, "gateway": "manual"}):
        app = create_app(
            Settings(database_url="sqlite:///:memory:", secret_key="only-for-tests", **more)
        )
        assert list(app.extensions["vigie.gateways"]) == ["manual"]
        assert not [rule for rule in app.url_map.iter_rules() if "/sandbox/" in rule.rule]


def test_no_gateway_is_called_inside_a_transaction(app, clock):
    with app.app_context():
        gateway = app.extensions["vigie.gateways"].get("sandbox")
        with transaction(), pytest.raises(TransactionOpen):
            gateway.payment("any")
