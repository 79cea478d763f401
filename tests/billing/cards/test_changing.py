"""Cards as they stand: ordered, named, switched, forgotten; what a list says of each."""

import pytest
from sqlalchemy import select

from app.billing import card_flows
from app.billing.card_states import CardState, card_state
from app.billing.models import Card
from app.billing.payment_models import ForgottenCard
from app.billing.ports import gateways
from app.billing.rules import CardFacts
from app.db import db, transaction
from tests import make
from tests.billing.cards.world import LIST, events, funded_by, rows
from tests.pages import fill, submit


def holders(app):
    return rows(app, Card.holder)


def test_a_card_is_made_the_default_and_the_others_move_behind(app, owner, three):
    answer = submit(owner, f"{LIST}/{three[2]}/place", {"place": "0"}, page=LIST)
    assert answer.location == LIST
    assert holders(app) == ["Three", "One", "Two"]
    assert rows(app, Card.rank) == [0, 1, 2]
    submit(owner, f"{LIST}/{three[2]}/place", {"place": "0"}, page=LIST)
    assert events(app) == ["card.made_default"]


def test_backups_change_places(app, owner, three):
    submit(owner, f"{LIST}/{three[1]}/place", {"place": "2"}, page=LIST)
    assert holders(app) == ["One", "Three", "Two"]
    submit(owner, f"{LIST}/{three[1]}/place", {"place": "999"}, page=LIST)
    assert holders(app) == ["One", "Three", "Two"]
    assert events(app) == ["card.moved"]


@pytest.mark.parametrize("place", ["", "-1", "1.5", "1000", "nan", "99999999999999999999"])
def test_a_place_that_is_none_changes_nothing(app, owner, three, place):
    answer = submit(owner, f"{LIST}/{three[1]}/place", {"place": place}, page=LIST)
    assert answer.status_code == 400
    assert holders(app) == ["One", "Two", "Three"]


def test_a_card_is_named_and_its_auto_debit_switched_off_and_on(app, owner, three):
    address = f"{LIST}/{three[0]}"
    fill(owner, address, {"label": "  Head   office ", "auto_debit": None})
    page = owner.get(LIST).get_data(as_text=True)
    assert "Visa •••• 4242 – Head office" in page
    assert "auto-debit is off" in page
    assert rows(app, Card.auto_debit) == [False, True, True]
    assert funded_by(app) is None
    fill(owner, address, {"auto_debit": "y"})
    assert funded_by(app) == f"card:{three[0]}"
    fill(owner, address, {})
    assert events(app) == ["card.named", "card.auto_debit_off", "card.auto_debit_on"]


def test_a_name_that_is_too_long_is_kept_in_the_form(app, owner, three):
    answer = fill(owner, f"{LIST}/{three[0]}", {"label": "x" * 61})
    assert answer.status_code == 422
    assert "x" * 61 in answer.get_data(as_text=True)
    assert rows(app, Card.label) == [None] * 3


def test_fields_that_no_form_shows_change_nothing(app, owner, three):
    more = {"token": "sandbox:stolen", "organization_id": "2", "validated": "", "rank": "9"}
    fill(owner, f"{LIST}/{three[0]}", {"label": "Office", **more})
    assert rows(app, Card.token) == ["sandbox:ok"] * 3


def state(day, **changes):
    facts = {
        "id": 1, "exp_year": 2027, "exp_month": 3, "validated": True, "auto_debit": True,
        "unusable": False, "rank": 0,
    }  # fmt: skip
    has_gateway = changes.pop("has_gateway", True)
    return card_state(CardFacts(**{**facts, **changes}), day, has_gateway=has_gateway)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, CardState.ENDING), ({"exp_year": 2028}, CardState.VALID),
        ({"exp_month": 2}, CardState.EXPIRED), ({"unusable": True}, CardState.UNUSABLE),
        ({"validated": False}, CardState.NOT_VALIDATED), ({"auto_debit": False}, CardState.OFF),
        ({"has_gateway": False}, CardState.NO_GATEWAY), ({"exp_month": 4}, CardState.VALID),
    ],
)  # fmt: skip
def test_the_state_of_a_card_is_the_worst_that_is_true_of_it(changes, expected):
    assert state(make.TODAY, **changes) is expected


def test_a_list_says_what_is_wrong_with_each_card(app, acme, owner):
    with app.app_context():
        make.card(acme, exp=(2, 2027))
        make.card(acme, exp=(3, 2027))
        refused = make.card(acme)
        with transaction() as session:
            session.get_one(Card, refused.id).unusable_because = "stolen card"
    page = owner.get(LIST).get_data(as_text=True)
    assert "Expired" in page
    assert "Good until Mar 31, 2027" in page
    assert "stolen card" in page


def test_the_gateway_forgets_what_was_removed_and_is_asked_again_until_it_does(
    app, acme, clock, monkeypatch
):
    with app.app_context():
        gateway = gateways().get("sandbox")
        with transaction() as session:
            for name in ("sandbox", "elsewhere"):
                session.add(ForgottenCard(gateway=name, token="sandbox:ok:x", removed_at=make.NOW))
        with monkeypatch.context() as patch:
            patch.setattr(type(gateway), "forget", lambda _self, _token: False)
            assert card_flows.forget_removed(clock.now(), 1) == 0
        assert card_flows.forget_removed(clock.now(), 1) == 1
        assert card_flows.forget_removed(clock.now(), 1) == 0
        assert db.session.scalars(select(ForgottenCard.gateway)).all() == ["elsewhere"]
