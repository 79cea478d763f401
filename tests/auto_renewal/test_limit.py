"""The price above which a service does not renew by itself, and the prices shown (R16)."""

from html import unescape

import pytest
from sqlalchemy import select

from app.accounts.rules import Role
from app.db import db
from app.journal.models import JournalRow
from app.journal.words import tell
from app.renewals.verdicts import forecasts
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Verdict
from tests import make
from tests.auto_renewal.world import BOTH, DOMAIN, MAILBOX, change, text
from tests.pages import fill, signed_in, submit


@pytest.fixture
def domain(app, acme):
    with app.app_context():
        return make.domain(acme, "example.org", on=True)


@pytest.fixture
def mailbox(app, acme, domain):
    with app.app_context():
        return make.mailbox(domain, acme, on=True, renewal_months=12)


@pytest.fixture
def owner(app, acme, mailbox):
    with app.app_context():
        return signed_in(app, make.owner(acme))


def subscription(app, service) -> Subscription:
    with app.app_context():
        return db.session.get_one(Subscription, service.subscription_id)


def limits_told(app) -> list[tuple[str, str]]:
    """Events of limits, and how they are told."""
    with app.test_request_context():
        rows = db.session.execute(
            select(JournalRow.event, JournalRow.detail)
            .where(JournalRow.event.like("auto_renewal.limit%"))
            .order_by(JournalRow.id)
        ).all()
        return [(event, tell(event, detail).sentence) for event, detail in rows]


@BOTH
def test_a_limit_is_set_shown_and_removed(app, owner, mailbox, domain, page):
    service = mailbox if page == MAILBOX else domain
    assert "Price limit: none" in text(owner.get(page))
    answer = fill(owner, f"{page}/limit", {"limit": "20"})
    assert (answer.status_code, answer.location) == (303, page)
    shown = text(owner.get(page))
    assert f"{service.name} will not renew by itself above €20.00." in shown
    assert "Price limit: €20.00" in shown
    assert 'value="20.00"' in text(owner.get(f"{page}/limit"))
    fill(owner, f"{page}/limit", {"limit": " "})
    assert "Price limit: none" in text(owner.get(page))
    assert limits_told(app) == [
        ("auto_renewal.limit_set", "Not to be renewed by itself above €20.00"),
        ("auto_renewal.limit_removed", "Price limit for auto-renewal removed"),
    ]


def test_a_limit_below_the_price_is_said_at_once_and_in_the_list(app, owner, mailbox):
    fill(owner, f"{MAILBOX}/limit", {"limit": "9,99"})
    assert "which is above your limit of €9.99" in text(owner.get(MAILBOX))
    assert subscription(app, mailbox).verdict is Verdict.TOO_DEAR
    listed = text(owner.get("/domains/example.org/mailboxes"))
    assert "Will not renew: the price is above your limit" in listed
    assert "€10.00 in the days" not in text(owner.get("/mailboxes/info@example.org"))
    choice = text(owner.get(MAILBOX))
    assert "Your limit of €9.99 is below this price" in choice
    assert "First charge" not in choice
    fill(owner, f"{MAILBOX}/limit", {"limit": "10"})
    assert subscription(app, mailbox).verdict is Verdict.WILL_RENEW


def test_the_same_limit_sent_twice_is_one_change(app, owner):
    for _time in range(2):
        fill(owner, f"{MAILBOX}/limit", {"limit": "20"})
    assert len(limits_told(app)) == 1
    assert "Nothing to change: the limit was set like this already." in text(owner.get(MAILBOX))


@pytest.mark.parametrize("typed", ["0", "-1", "ten", "1.234", "$5", "NaN", "99999999999999"])
def test_what_is_no_amount_is_refused_and_kept(app, owner, mailbox, typed):
    answer = fill(owner, f"{MAILBOX}/limit", {"limit": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in text(answer)
    assert subscription(app, mailbox).price_cap is None


def test_the_way_back_leads_through_the_list_as_it_was(owner):
    back = "/domains/example.org/mailboxes?sort=expiry"
    page = owner.get(MAILBOX, query_string={"next": back}).get_data(as_text=True)
    assert f'{MAILBOX}/limit?next=/domains/example.org/mailboxes%3Fsort%3Dexpiry"' in page
    form = owner.get(f"{MAILBOX}/limit", query_string={"next": back}).get_data(as_text=True)
    assert unescape(form).count(back) == 1
    answer = fill(owner, f"{MAILBOX}/limit", {"limit": "20", "next": back})
    assert answer.location == f"{MAILBOX}?next=%2Fdomains%2Fexample.org%2Fmailboxes%3Fsort%3Dexpiry"
    answer = fill(owner, f"{MAILBOX}/limit", {"limit": "", "next": "https://evil.example"})
    assert answer.location == MAILBOX


def test_who_may_not_bill_the_payer_sets_no_limit_on_what_is_on(app, acme, owner, mailbox):
    with app.app_context():
        person = make.user("Tom")
        make.member(person, acme, Role.TECHNICAL)
    tom = signed_in(app, person)
    assert "Only who may bill" in text(tom.get(f"{MAILBOX}/limit"))
    assert fill(tom, f"{MAILBOX}/limit", {"limit": "20"}).status_code == 403
    change(app, mailbox, auto_renewal=False, next_slot_on=None)
    assert fill(tom, f"{MAILBOX}/limit", {"limit": "20"}).status_code == 303
    assert subscription(app, mailbox).price_cap == 2000


def test_viewers_look_and_strangers_find_nothing(app, acme, owner, mailbox):
    with app.app_context():
        person = make.user("Vic")
        make.member(person, acme, Role.VIEWER)
        stranger = signed_in(app, make.owner(make.organization("Other"), "Eve"))
    vic = signed_in(app, person)
    assert "lets you look at this page" in text(vic.get(f"{MAILBOX}/limit"))
    assert fill(vic, f"{MAILBOX}/limit", {"limit": "20"}).status_code == 403
    for page in (MAILBOX, DOMAIN):
        assert stranger.get(f"{page}/limit").status_code == 404
        sent = submit(stranger, f"{page}/limit", {"limit": "20"}, page="/profile")
        assert sent.status_code == 404
    assert subscription(app, mailbox).price_cap is None


def test_a_name_registered_elsewhere_has_no_limit(app, acme, owner):
    with app.app_context():
        make.domain(acme, "elsewhere.org", external=True)
    assert owner.get("/domains/elsewhere.org/auto-renewal/limit").status_code == 404


def test_pages_show_what_is_charged_and_what_comes_then(app, owner, mailbox, domain):
    change(app, mailbox, announced_price=800, announced_months=12)
    change(app, domain, announced_price=1200, announced_months=12)
    box, name = (
        text(owner.get("/mailboxes/info@example.org")),
        text(owner.get("/domains/example.org")),
    )
    assert "€8.00 in the days before " in box
    assert "then €10.00" in box
    assert "€12.00 for 1 year" in name
    assert "then €15.00" in name
    assert "then €10.00" in text(owner.get(MAILBOX))
    assert "€12.00 for 1 year" in text(owner.get("/domains?view=advanced"))
    assert "€8.00 for 1 year, those after it €10.00." in text(owner.get(f"{MAILBOX}/limit"))


def test_where_no_rise_is_ahead_nothing_is_said_of_later(app, owner, mailbox, domain):
    with app.app_context():
        forecasts(make.NOW, 0)
    for page in ("/mailboxes/info@example.org", "/domains/example.org", MAILBOX):
        assert "then €" not in text(owner.get(page))
