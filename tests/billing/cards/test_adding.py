"""A card is saved on the gateway's page, once, whatever dies on the way (L8)."""

from datetime import timedelta

from sqlalchemy import func, select

from app.billing import card_flows, cards
from app.billing.gateways import sandbox_pages
from app.billing.gateways.sandbox_models import PageState, SandboxCard, SandboxPage
from app.billing.models import Card, Wallet
from app.billing.payment_models import CardSetup, Payment
from app.billing.ports import Unknown, gateways
from app.billing.rules import PaymentState
from app.db import db, transaction
from app.jobs.service import tick
from app.subscriptions.models import Subscription
from tests import make
from tests.billing.cards.world import (
    LIST,
    NEW,
    add_card,
    count,
    events,
    funded_by,
    page_of,
    rows,
    save,
    to_gateway,
)
from tests.fate import at_statements
from tests.pages import send


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
