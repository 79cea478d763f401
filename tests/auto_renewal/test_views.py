"""The auto-renewal page of one mailbox and of one domain."""

from datetime import date, timedelta
from html import unescape

import pytest
from sqlalchemy import select

from app.accounts.rules import Role
from app.db import db, transaction
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.journal.models import JournalRow
from app.renewals.models import Attempt
from app.subscriptions.models import Subscription
from app.subscriptions.service import Choice, current_choice
from tests import make
from tests.pages import fields, fill, send, signed_in, submit

PAGE = "/mailboxes/info@example.org/auto-renewal"
DOMAIN_PAGE = "/domains/example.org/auto-renewal"
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
BOTH = pytest.mark.parametrize("page", [PAGE, DOMAIN_PAGE])


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme", balance=5000)


@pytest.fixture
def beta(app, acme):
    with app.app_context():
        return make.organization("Beta")


@pytest.fixture
def marie(app, acme):
    with app.app_context():
        return make.owner(acme)


@pytest.fixture
def owner(app, marie):
    return signed_in(app, marie)


@pytest.fixture
def domain(app, acme):
    with app.app_context():
        return make.domain(acme, "example.org")


@pytest.fixture
def mailbox(app, acme, domain):
    with app.app_context():
        return make.mailbox(domain, acme)


def choice(app, service) -> Choice:
    with app.app_context():
        return current_choice(db.session.get_one(Subscription, service.subscription_id))


def change(app, service, **values) -> None:
    with app.app_context(), transaction() as session:
        row = session.get_one(Subscription, service.subscription_id)
        for name, value in values.items():
            setattr(row, name, value)


def events(app) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.execute(
            select(JournalRow.event, JournalRow.subject).order_by(JournalRow.id)
        )
        return [(event, subject) for event, subject in rows]


def text(answer) -> str:
    return unescape(answer.get_data(as_text=True))


class TestMailbox:
    def test_it_is_switched_on_and_the_list_says_so(self, app, owner, acme, mailbox):
        answer = fill(owner, PAGE, {"on": "y", "period": "yearly"})
        assert (answer.status_code, answer.location) == (303, "/domains/example.org/mailboxes")
        assert choice(app, mailbox) == Choice(True, 12, acme.id)
        assert events(app) == [("auto_renewal.switched_on", "info@example.org")]
        page = text(owner.get(answer.location))
        assert "Auto-renewal is on for info@example.org." in page
        assert 'aria-label="Auto-renewal on"' in page

    def test_its_labels_are_those_that_people_rely_on(self, owner, mailbox):
        page = text(owner.get(PAGE))
        assert 'role="switch"' in page
        for label in ("Auto-renewal", "Monthly", "Yearly", "Billed organization", "Update"):
            assert f">{label}<" in page
        assert ">Frequency</legend>" in page

    def test_opening_it_changes_nothing(self, app, owner, mailbox):
        before = choice(app, mailbox)
        owner.get(PAGE)
        owner.get(f"{PAGE}?on=y&period=yearly")
        assert (choice(app, mailbox), events(app)) == (before, [])

    def test_the_engine_looks_at_it_on_its_first_attempt_day(self, app, owner, mailbox):
        fill(owner, PAGE, {"on": "y"})
        with app.app_context():
            row = db.session.get_one(Subscription, mailbox.subscription_id)
            assert row.next_slot_on == row.expires_on - timedelta(days=5)

    def test_it_is_switched_off_and_its_payer_kept(self, app, owner, acme, mailbox):
        fill(owner, PAGE, {"on": "y"})
        assert fill(owner, PAGE, {"on": None}).status_code == 303
        assert choice(app, mailbox) == Choice(False, 1, acme.id)

    def test_a_second_identical_submit_is_harmless(self, app, owner, mailbox):
        html = owner.get(PAGE).get_data(as_text=True)
        first, second = (send(owner, PAGE, html, {"on": "y"}) for _ in range(2))
        assert (first.status_code, second.status_code) == (303, 303)
        assert len(events(app)) == 1

    def test_what_somebody_else_changed_meanwhile_is_not_overwritten_silently(
        self, app, owner, acme, mailbox
    ):
        html = owner.get(PAGE).get_data(as_text=True)
        fill(owner, PAGE, {"on": "y", "period": "monthly"})
        answer = send(owner, PAGE, html, {"on": "y", "period": "yearly"})
        assert answer.status_code == 409
        page = text(answer)
        assert "Somebody changed this in the meantime" in page
        assert "Auto-renewal is now on, for 1 month, paid by Acme." in page
        assert choice(app, mailbox) == Choice(True, 1, acme.id)
        assert fields(page, PAGE)["period"] == "yearly"
        assert send(owner, PAGE, page, {}).status_code == 303
        assert choice(app, mailbox) == Choice(True, 12, acme.id)

    def test_it_goes_back_to_the_list_as_it_was_filtered(self, owner, mailbox):
        back = "/domains/example.org/mailboxes?sort=expiry&q=info"
        html = owner.get(PAGE, query_string={"next": back}).get_data(as_text=True)
        assert send(owner, PAGE, html, {"on": "y"}).location == back

    @pytest.mark.parametrize(
        "back",
        ["//evil.example/", "https://evil.example", "/logout", "/domains/other.org/mailboxes"],
    )
    def test_it_goes_back_nowhere_else(self, owner, mailbox, back):
        html = owner.get(PAGE, query_string={"next": back}).get_data(as_text=True)
        answer = send(owner, PAGE, html, {"on": "y"})
        assert answer.location == "/domains/example.org/mailboxes"

    @pytest.mark.parametrize("field", ["period", "billed_organization"])
    def test_what_was_not_offered_is_refused(self, app, owner, mailbox, field):
        before = choice(app, mailbox)
        for foreign in ("", "weekly", "1", "nul\0", "x" * 100_000):
            assert fill(owner, PAGE, {"on": "y", field: foreign}).status_code in (400, 422)
        assert choice(app, mailbox) == before

    def test_only_the_fields_of_the_form_are_taken(self, app, owner, acme, mailbox):
        more = {"organization_id": "2", "expires_on": "2099-01-01", "months": "99", "card": "1"}
        fill(owner, PAGE, {"on": "y", **more})
        assert choice(app, mailbox) == Choice(True, 1, acme.id)
        with app.app_context():
            row = db.session.get_one(Subscription, mailbox.subscription_id)
            assert (row.expires_on, row.organization_id) == (date(2027, 3, 28), acme.id)

    def test_without_a_price_it_cannot_be_switched_on(self, app, acme, mailbox, owner):
        with app.app_context(), transaction() as session:
            session.execute(db.delete(make.Price))
        assert "cannot be renewed automatically" in text(
            fill(owner, PAGE, {"on": "y", "preview": "1"})
        )
        assert fill(owner, PAGE, {"on": "y"}).status_code == 422
        assert not choice(app, mailbox).on

    def test_an_expired_one_is_not_charged_and_offers_to_renew_now(self, app, owner, mailbox):
        change(app, mailbox, expires_on=date(2027, 2, 27))
        page = text(fill(owner, PAGE, {"on": "y", "preview": "1"}))
        assert "expired on Feb 27, 2027" in page
        assert 'href="/mailboxes/info%40example.org/renew"' in page
        assert "First charge" not in page
        fill(owner, PAGE, {"on": "y"})
        with app.app_context():
            row = db.session.get_one(Subscription, mailbox.subscription_id)
            assert (row.auto_renewal, row.next_slot_on) == (True, None)

    @pytest.mark.parametrize("address", ["/mailboxes/a%00@example.org/auto-renewal",
                                         "/mailboxes/nobody@example.org/auto-renewal"])  # fmt: skip
    def test_what_does_not_exist_is_not_found(self, owner, mailbox, address):
        assert owner.get(address).status_code == 404

    def test_its_address_may_be_written_in_capitals(self, owner, mailbox):
        assert owner.get("/mailboxes/INFO@Example.org/auto-renewal").status_code == 200


class TestPreview:
    def test_it_tells_price_first_charge_and_wallet(self, owner, mailbox):
        page = text(fill(owner, PAGE, {"on": "y", "preview": "1"}))
        for words in ("€1.00 for 1 month", "€12.00", "Mar 23, 2027", "Enough: Acme has €50.00."):
            assert words in page

    def test_it_tells_what_is_missing(self, app, owner, acme, mailbox):
        with app.app_context():
            make.money(acme, -4950)
        page = text(fill(owner, PAGE, {"on": "y", "period": "yearly", "preview": "1"}))
        assert "€9.50 short: Acme has €0.50." in page

    def test_a_domain_that_is_switched_on_too_must_be_covered_as_well(self, app, owner, mailbox):
        page = text(fill(owner, PAGE, {"on": "y", "domain_too": "y", "preview": "1"}))
        assert "Enough" in page
        with app.app_context(), transaction() as session:
            session.execute(
                db.update(make.Price).where(make.Price.extension == "org").values(price=4950)
            )
        page = text(fill(owner, PAGE, {"on": "y", "domain_too": "y", "preview": "1"}))
        assert "€0.50 short" in page

    def test_a_slot_tried_today_is_over(self, app, owner, mailbox):
        change(app, mailbox, expires_on=date(2027, 3, 4))
        assert "(today)" in text(fill(owner, PAGE, {"on": "y", "preview": "1"}))
        with app.app_context(), transaction() as session:
            session.add(
                Attempt(
                    subscription_id=mailbox.subscription_id, cur_expires_on=date(2027, 3, 4),
                    business_date=make.TODAY, trigger="daily", at=make.NOW,
                )
            )  # fmt: skip
        assert "Mar 2, 2027" in text(fill(owner, PAGE, {"on": "y", "preview": "1"}))

    @BOTH
    def test_it_changes_nothing(self, app, owner, domain, mailbox, page):
        before = [choice(app, one) for one in (domain, mailbox)]
        assert fill(owner, page, {"on": "y", "preview": "1"}).status_code == 200
        assert [choice(app, one) for one in (domain, mailbox)] == before

    @BOTH
    def test_with_htmx_only_the_preview_is_sent_and_it_is_the_same(self, owner, mailbox, page):
        changes = {"on": "y", "preview": "1"}
        whole = fill(owner, page, changes).get_data(as_text=True)
        part = fill(owner, page, changes, headers=PART).get_data(as_text=True).strip()
        assert part.startswith('<div id="preview">')
        assert part in whole

    def test_a_wallet_that_is_not_the_readers_stays_hidden(self, app, owner, beta, mailbox):
        with app.app_context():
            make.money(beta, 777_77)
        change(app, mailbox, auto_renewal=True, billed_organization_id=beta.id)
        page = text(owner.get(PAGE))
        assert "another organization" in page
        assert "777" not in page
        assert "Beta" not in page
        assert beta.name not in page

    def test_a_running_renewal_cannot_be_stopped_any_more(self, app, owner, domain, acme):
        from app.billing import service as billing
        from app.renewals.models import Renewal
        from app.renewals.rules import RenewalState

        change(app, domain, auto_renewal=True, billed_organization_id=acme.id)
        with app.app_context(), transaction() as session:
            attempt = Attempt(
                subscription_id=domain.subscription_id, cur_expires_on=date(2028, 1, 31),
                business_date=make.TODAY, trigger="daily", at=make.NOW,
            )  # fmt: skip
            session.add(attempt)
            session.flush()
            session.add(
                Renewal(
                    subscription_id=domain.subscription_id, attempt_id=attempt.id,
                    cur_expires_on=date(2028, 1, 31), state=RenewalState.UNKNOWN, months=12,
                    wallet_id=billing.ensure_wallet(session, acme.id, "EUR"), price=1500,
                    currency="EUR", claimed_at=make.NOW,
                )
            )  # fmt: skip
        assert "Switching off does not stop it any more" in text(owner.get(DOMAIN_PAGE))


class TestDomainOfAMailbox:
    def test_the_seeds_warning_comes_with_the_choice(self, app, owner, acme, domain, mailbox):
        page = text(fill(owner, PAGE, {"on": "y", "preview": "1"}))
        assert "Mailboxes depend on their domain." in page
        assert "Switch on auto-renewal of example.org too: €15.00 for 1 year" in page
        fill(owner, PAGE, {"on": "y", "domain_too": "y"})
        taken = choice(app, domain)
        assert (taken.on, taken.months, taken.billed_organization_id) == (True, 12, acme.id)
        assert [event for event, _subject in events(app)] == ["auto_renewal.switched_on"] * 2
        assert "for info@example.org and for example.org." in text(owner.get("/domains"))

    def test_nothing_is_said_where_the_domain_renews_itself(
        self, app, owner, acme, domain, mailbox
    ):
        change(app, domain, auto_renewal=True, billed_organization_id=acme.id)
        assert "depend" not in text(fill(owner, PAGE, {"on": "y", "preview": "1"}))

    def test_it_is_not_touched_unless_asked(self, app, owner, domain, mailbox):
        fill(owner, PAGE, {"on": "y"})
        assert not choice(app, domain).on

    def test_it_says_that_a_domain_which_ends_first_stops_the_renewal(
        self, app, owner, domain, mailbox
    ):
        change(app, domain, expires_on=date(2027, 3, 20))
        page = text(fill(owner, PAGE, {"on": "y", "preview": "1"}))
        assert "example.org ends on Mar 20, 2027 and does not renew automatically." in page

    def test_a_domain_that_left_is_named_but_not_offered(self, app, owner, domain, mailbox):
        with app.app_context(), transaction() as session:
            session.get_one(Domain, domain.id).status = DomainStatus.GONE
        page = text(fill(owner, PAGE, {"on": "y", "preview": "1"}))
        assert "no longer registered with us" in page
        assert 'name="domain_too"' not in page

    def test_another_organizations_domain_is_neither_offered_nor_switched(
        self, app, owner, acme, beta
    ):
        with app.app_context():
            foreign = make.domain(beta, "beta.org")
            make.mailbox(foreign, acme)
        address = "/mailboxes/info@beta.org/auto-renewal"
        assert 'name="domain_too"' not in text(fill(owner, address, {"on": "y", "preview": "1"}))
        assert fill(owner, address, {"on": "y", "domain_too": "y"}).status_code == 403
        assert not choice(app, foreign).on
        assert events(app) == []


class TestUndo:
    def undo(self, client):
        html = client.get("/domains").get_data(as_text=True)
        return send(client, "/auto-renewal/undo", html, {})

    @BOTH
    def test_it_brings_back_what_stood(self, app, owner, domain, mailbox, page):
        before = [choice(app, one) for one in (domain, mailbox)]
        fill(owner, page, {"on": "y", "domain_too": "y"})
        assert self.undo(owner).status_code == 303
        assert [choice(app, one) for one in (domain, mailbox)] == before
        assert "Undone." in text(owner.get("/domains"))

    def test_it_says_that_what_was_renewed_meanwhile_stays_renewed(self, app, owner, mailbox):
        change(app, mailbox, expires_on=make.TODAY + timedelta(days=2))
        fill(owner, PAGE, {"on": "y"})
        app.test_cli_runner().invoke(args=["tick", "--job", "renewals"])
        self.undo(owner)
        assert "1 was renewed in the meantime: it stays renewed" in text(owner.get("/domains"))
        assert not choice(app, mailbox).on

    def test_it_works_for_ten_minutes(self, app, owner, clock, mailbox):
        fill(owner, PAGE, {"on": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        clock.advance(timedelta(minutes=10, seconds=1))
        send(owner, "/auto-renewal/undo", html, {})
        assert choice(app, mailbox).on
        assert "Ten minutes have passed" in text(owner.get("/domains"))
        clock.advance(timedelta(seconds=-1))
        send(owner, "/auto-renewal/undo", html, {})
        assert not choice(app, mailbox).on

    def test_it_leaves_alone_what_was_changed_again(self, app, owner, acme, mailbox):
        fill(owner, PAGE, {"on": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        fill(owner, PAGE, {"on": "y", "period": "yearly"})
        send(owner, "/auto-renewal/undo", html, {})
        assert choice(app, mailbox) == Choice(True, 12, acme.id)

    def test_it_cannot_be_done_twice(self, app, owner, mailbox):
        fill(owner, PAGE, {"on": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        for _turn in range(2):
            send(owner, "/auto-renewal/undo", html, {})
        assert len(events(app)) == 2

    def test_it_is_all_or_nothing(self, app, owner, domain, mailbox):
        fill(owner, PAGE, {"on": "y", "domain_too": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        fill(owner, DOMAIN_PAGE, {"on": None})
        send(owner, "/auto-renewal/undo", html, {})
        assert choice(app, mailbox).on

    def test_nobody_else_can_use_the_button(self, app, owner, acme, mailbox):
        fill(owner, PAGE, {"on": "y"})
        stolen = fields(owner.get("/domains").get_data(as_text=True), "/auto-renewal/undo")
        with app.app_context():
            other = signed_in(app, make.owner(acme, "Paul"))
        answer = submit(other, "/auto-renewal/undo", {"undo": stolen["undo"]}, page="/")
        assert answer.status_code == 400
        assert choice(app, mailbox).on

    @pytest.mark.parametrize("token", ["", "x", "nul\0"])
    def test_a_made_up_button_is_refused(self, owner, mailbox, token):
        assert submit(owner, "/auto-renewal/undo", {"undo": token}, page="/").status_code == 400

    def test_who_lost_the_right_cannot_undo(self, app, owner, marie, acme, mailbox):
        fill(owner, PAGE, {"on": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        with app.app_context(), transaction() as session:
            session.execute(db.update(make.Member).values(role=Role.VIEWER))
        send(owner, "/auto-renewal/undo", html, {})
        assert choice(app, mailbox).on
