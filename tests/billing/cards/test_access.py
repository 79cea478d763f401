"""Whose cards exist, and for whom."""

import pytest

from app.accounts.rules import Role
from app.billing.payment_models import CardSetup
from tests import make
from tests.billing.cards.world import LIST, NEW, count
from tests.pages import fields, fill, send, signed_in, submit


def test_cards_of_others_do_not_exist(app, owner, clock):
    with app.app_context():
        card = make.card(make.organization("Other")).name
    for address in (card, f"{card}/place", f"{card}/remove"):
        answer = submit(owner, f"{LIST}/{address}", {"place": "0"}, page=NEW)
        assert answer.status_code == 404
    assert owner.get(f"{LIST}/{card}").status_code == 404


def test_a_setup_of_others_does_not_exist_and_its_form_is_refused(app, acme, owner, clock):
    html = owner.get(NEW).get_data(as_text=True)
    nonce = fields(html, NEW)["nonce"]
    send(owner, NEW, html, {})
    with app.app_context():
        stranger = signed_in(app, make.owner(make.organization("Other"), "Eve"))
    assert stranger.get(f"{LIST}/return/{nonce}").status_code == 404
    assert stranger.get(f"{LIST}/return/{nonce}/go").status_code == 404
    assert fill(stranger, NEW, {"nonce": nonce}).status_code == 400
    assert count(app, CardSetup) == 1


def test_a_form_of_another_organization_does_not_exist(app, owner, clock):
    with app.app_context():
        other = make.organization("Other")
    assert fill(owner, NEW, {"organization": other.name}).status_code == 404


@pytest.mark.parametrize("role", [Role.TECHNICAL, Role.VIEWER])
def test_members_who_may_not_bill_see_no_cards(app, acme, three, role):
    with app.app_context():
        user = make.user("Jean")
        make.member(user, acme, role)
    theirs = signed_in(app, user)
    for address in (LIST, NEW, f"{LIST}/{three[0]}", f"{LIST}/{three[0]}/remove"):
        assert theirs.get(address).status_code == 403


def test_a_host_without_a_card_gateway_says_so(app, owner, monkeypatch):
    from app.billing.gateways.manual import ManualGateway
    from app.lib.registry import Registry

    only = Registry("gateway")
    only.register("manual", ManualGateway())
    monkeypatch.setitem(app.extensions, "vigie.gateways", only)
    assert "takes no cards" in owner.get(LIST).get_data(as_text=True)
    assert "takes no cards" in owner.get(NEW).get_data(as_text=True)
