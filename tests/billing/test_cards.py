"""Cards: saved on the gateway's page, once; named, ordered, switched; crashes on the way."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.rules import Role
from app.billing import card_flows, cards
from app.billing.card_states import CardState, card_state
from app.billing.gateways import sandbox_pages
from app.billing.gateways.sandbox_models import PageState, SandboxCard, SandboxPage
from app.billing.models import Card, Wallet
from app.billing.payment_models import CardSetup, ForgottenCard, Payment
from app.billing.ports import Unknown, gateways
from app.billing.rules import CardFacts, PaymentState
from app.db import db, transaction
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.subscriptions.models import Subscription
from tests import make
from tests.fate import at_statements
from tests.pages import fields, fill, send, signed_in, submit

LIST, NEW = "/billing/cards", "/billing/cards/new"


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        return signed_in(app, make.owner(acme, language="en"))


def rows(app, column):
    with app.app_context():
        return db.session.scalars(select(column).order_by(Card.rank, Card.id)).all()


def funded_by(app):
    with app.app_context():
        return db.session.scalar(select(Wallet.funded_by))


def count(app, table):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


def events(app):
    with app.app_context():
        return list(db.session.scalars(select(JournalRow.event).order_by(JournalRow.id)))


def page_of(answer):
    """The gateway's page, by the page of ours that lies between."""
    assert answer.status_code == 303
    assert answer.location.endswith("/go")
    return answer.location


def to_gateway(client, **changes):
    """From the form to the gateway's page; its path."""
    between = client.get(page_of(fill(client, NEW, changes))).get_data(as_text=True)
    url = between.split("url=")[1].split('"')[0]
    return url[url.index("/sandbox/") :]


def save(client, address, **changes):
    """Save a card on the sandbox's page; the path the customer is sent back to."""
    given = {"holder": "Ada", "month": "12", "year": "2030", "do": "save", **changes}
    back = fill(client, address, given).location
    return back[back.index("/billing") :]


def add_card(client, **changes):
    return client.get(save(client, to_gateway(client), **changes))


# ---- Adding


def test_a_card_is_added_on_the_gateways_page_and_shown(app, acme, owner):
    answer = add_card(owner)
    assert (answer.status_code, answer.location) == (303, LIST)
    page = owner.get(LIST).get_data(as_text=True)
    assert "The card is saved." in page
    assert "Visa •••• 4242" in page
    assert "Dec 31, 2030" in page
    with app.app_context():
        card = db.session.scalars(select(Card)).one()
        assert (card.organization_id, card.gateway, card.validated, card.auto_debit) == (
            acme.id, "sandbox", True, True,
        )  # fmt: skip
        assert card.token.startswith("sandbox:ok:")
        assert card.holder == "Ada"


def test_a_new_card_may_pay_at_once_what_is_due(app, acme, owner):
    add_card(owner)
    with app.app_context():
        wallet = db.session.scalars(select(Wallet)).one()
        card = db.session.scalars(select(Card)).one()
        assert (wallet.funded_by, wallet.forecast_due) == (f"card:{card.public_id}", True)
    assert events(app) == ["card.added"]


def test_a_card_without_auto_debit_waits_to_be_asked(app, acme, owner):
    owner.get(save(owner, to_gateway(owner, auto_debit=None)))
    assert rows(app, Card.auto_debit) == [False]
    assert funded_by(app) is None


def test_the_same_form_sent_twice_saves_one_card(app, acme, owner):
    html = owner.get(NEW).get_data(as_text=True)
    first, second = (page_of(send(owner, NEW, html, {})) for _time in range(2))
    assert first == second
    assert (count(app, CardSetup), count(app, SandboxPage)) == (1, 1)


def test_coming_back_twice_adds_one_card(app, acme, owner):
    back = save(owner, to_gateway(owner))
    assert [owner.get(back).status_code for _time in range(3)] == [303] * 3
    assert count(app, Card) == 1


def test_a_customer_who_turns_back_has_no_card(app, acme, owner):
    back = save(owner, to_gateway(owner), do="cancel")
    assert owner.get(back).location == LIST
    assert "No card was saved." in owner.get(LIST).get_data(as_text=True)
    assert count(app, Card) == 0


def test_a_page_that_is_not_finished_is_waited_for(app, acme, owner):
    address = to_gateway(owner)
    with app.app_context():
        name = db.session.scalars(select(CardSetup.public_id)).one()
    page = owner.get(f"{LIST}/return/{name}").get_data(as_text=True)
    assert "The card is not saved yet" in page
    assert address in page


def test_a_gateway_that_does_not_answer_loses_nothing(app, acme, owner, monkeypatch):
    back = save(owner, to_gateway(owner))
    with app.app_context():
        gateway = type(gateways().get("sandbox"))
    with monkeypatch.context() as patch:
        patch.setattr(gateway, "setup", lambda _self, _ref: Unknown("down"))
        assert "does not answer" in owner.get(back).get_data(as_text=True)
    assert owner.get(back).location == LIST
    assert count(app, Card) == 1


def test_whoever_never_comes_back_has_their_card_all_the_same(app, acme, owner, clock):
    save(owner, to_gateway(owner))
    run(app, clock)
    assert count(app, Card) == 0
    clock.advance(timedelta(minutes=15))
    run(app, clock)
    run(app, clock)
    assert count(app, Card) == 1
    assert events(app).count("card.added") == 1


def test_a_page_left_alone_ends_by_itself(app, acme, owner, clock):
    to_gateway(owner)
    clock.advance(timedelta(hours=25))
    run(app, clock)
    with app.app_context():
        assert db.session.scalars(select(CardSetup.ended_at)).one() is not None
    assert count(app, Card) == 0


def run(app, clock, job="card_setups"):
    with app.app_context():
        tick(clock.now(), job)


# ---- Crashes, as L8 lists them


def test_a_crash_at_any_step_of_saving_leaves_one_card(app, acme, clock):
    """At each statement and call of asking for the page and of recording the card (CP0-CP4)."""
    with app.app_context(), at_statements() as fate:
        for step in fate.steps(more_than=15):
            _saved_though_killed(fate, step, acme, clock)
        assert db.session.scalar(select(func.count()).select_from(Card)) == step
        assert db.session.scalar(select(func.count()).select_from(SandboxCard)) == step


def _saved_though_killed(fate, step, acme, clock):
    """Save one card, dying at the step and starting again."""
    from app.accounts.installation import Context, terms
    from app.journal.service import Actor

    clock.advance(timedelta(hours=2))
    context = Context(clock.now(), terms(), Actor())
    wish = cards.Wish(acme.id, f"nonce{step:010}", "sandbox", auto_debit=True)

    def whole():
        card_flows.begin(wish, context)
        _choose_card(wish.nonce, clock)
        with transaction() as session:
            setup_id = session.scalars(
                select(CardSetup.id).where(CardSetup.public_id == wish.nonce)
            ).one()
        card_flows.look_up(setup_id, context)

    fate.kills(whole)
    whole()
    card_flows.recover_setups(clock.now() + timedelta(hours=1), 1)


def _choose_card(nonce, clock):
    with transaction() as session:
        ref = session.scalars(
            select(SandboxPage.ref).where(SandboxPage.idem_key == f"setup:{nonce}")
        ).one()
        page = sandbox_pages.find(session, ref, clock.now())
        choice = sandbox_pages.Choice("ok", "Ada", 12, 2030)
        sandbox_pages.choose(session, page, choice, clock.now())
        assert page.state is PageState.DONE


def test_a_setup_whose_page_was_never_recorded_ends_after_an_hour(app, acme, clock):
    from app.accounts.installation import Context, terms
    from app.journal.service import Actor

    with app.app_context():
        context = Context(clock.now(), terms(), Actor())
        wish = cards.Wish(acme.id, "nonce00000", "sandbox", auto_debit=True)
        with transaction() as session:
            cards.begin_setup(session, wish, context)
        clock.advance(timedelta(minutes=30))
        assert card_flows.recover_setups(clock.now(), 1) == 0
        clock.advance(timedelta(hours=2))
        assert card_flows.recover_setups(clock.now(), 1) == 1
        assert card_flows.begin(wish, context) is card_flows.Progress.GIVEN_UP


# ---- Order, name, auto-debit


@pytest.fixture
def three(app, acme):
    with app.app_context():
        return [make.card(acme, holder=holder).name for holder in ("One", "Two", "Three")]


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


# ---- Who may


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


# ---- States


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


# ---- Forgetting


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


def test_a_card_added_in_the_window_pays_at_the_next_tick(app, acme, owner, clock):
    """R6: not tomorrow at half past eight, but now; and once, however often it ticks."""
    with app.app_context():
        make.usual_prices()
        domain = make.domain(acme, "acme.org")
        expires_on = make.TODAY + timedelta(days=3)
        box = make.mailbox(domain, acme, on=True, expires_on=expires_on)
        for _time in range(2):
            tick(clock.now())
        assert db.session.get_one(Subscription, box.subscription_id).expires_on == expires_on
    add_card(owner)
    with app.app_context():
        for _time in range(2):
            clock.advance(timedelta(minutes=1))
            tick(clock.now())
        assert db.session.get_one(Subscription, box.subscription_id).expires_on > expires_on
        payment = db.session.scalars(select(Payment)).one()
        assert (payment.state, payment.amount) == (PaymentState.CAPTURED, 100)
