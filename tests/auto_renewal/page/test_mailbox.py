"""The auto-renewal page of one mailbox."""

from datetime import date, timedelta

import pytest

from app.db import db, transaction
from app.subscriptions.models import Subscription
from app.subscriptions.service import Choice
from tests import make
from tests.auto_renewal.page.world import choice, events
from tests.auto_renewal.world import MAILBOX, change, text
from tests.pages import fields, fill, send


class TestMailbox:
    def test_it_is_switched_on_and_the_list_says_so(self, app, owner, acme, mailbox):
        answer = fill(owner, MAILBOX, {"on": "y", "period": "yearly"})
        assert (answer.status_code, answer.location) == (303, "/domains/example.org/mailboxes")
        assert choice(app, mailbox) == Choice(True, 12, acme.id)
        assert events(app) == [("auto_renewal.switched_on", "info@example.org")]
        page = text(owner.get(answer.location))
        assert "Auto-renewal is on for info@example.org." in page
        assert 'aria-label="Auto-renewal on"' in page

    def test_its_labels_are_those_that_people_rely_on(self, owner, mailbox):
        page = text(owner.get(MAILBOX))
        assert 'role="switch"' in page
        for label in ("Auto-renewal", "Monthly", "Yearly", "Billed organization", "Update"):
            assert f">{label}<" in page
        assert ">Frequency</legend>" in page

    def test_opening_it_changes_nothing(self, app, owner, mailbox):
        before = choice(app, mailbox)
        owner.get(MAILBOX)
        owner.get(f"{MAILBOX}?on=y&period=yearly")
        assert (choice(app, mailbox), events(app)) == (before, [])

    def test_the_engine_looks_at_it_on_its_first_attempt_day(self, app, owner, mailbox):
        fill(owner, MAILBOX, {"on": "y"})
        with app.app_context():
            row = db.session.get_one(Subscription, mailbox.subscription_id)
            assert row.next_slot_on == row.expires_on - timedelta(days=5)

    def test_it_is_switched_off_and_its_payer_kept(self, app, owner, acme, mailbox):
        fill(owner, MAILBOX, {"on": "y"})
        assert fill(owner, MAILBOX, {"on": None}).status_code == 303
        assert choice(app, mailbox) == Choice(False, 1, acme.id)

    def test_a_second_identical_submit_is_harmless(self, app, owner, mailbox):
        html = owner.get(MAILBOX).get_data(as_text=True)
        first, second = (send(owner, MAILBOX, html, {"on": "y"}) for _ in range(2))
        assert (first.status_code, second.status_code) == (303, 303)
        assert len(events(app)) == 1

    def test_what_somebody_else_changed_meanwhile_is_not_overwritten_silently(
        self, app, owner, acme, mailbox
    ):
        html = owner.get(MAILBOX).get_data(as_text=True)
        fill(owner, MAILBOX, {"on": "y", "period": "monthly"})
        answer = send(owner, MAILBOX, html, {"on": "y", "period": "yearly"})
        assert answer.status_code == 409
        page = text(answer)
        assert "Somebody changed this in the meantime" in page
        assert "Auto-renewal is now on, for 1 month, paid by Acme." in page
        assert choice(app, mailbox) == Choice(True, 1, acme.id)
        assert fields(page, MAILBOX)["period"] == "yearly"
        assert send(owner, MAILBOX, page, {}).status_code == 303
        assert choice(app, mailbox) == Choice(True, 12, acme.id)

    def test_it_goes_back_to_the_list_as_it_was_filtered(self, owner, mailbox):
        back = "/domains/example.org/mailboxes?sort=expiry&q=info"
        html = owner.get(MAILBOX, query_string={"next": back}).get_data(as_text=True)
        assert send(owner, MAILBOX, html, {"on": "y"}).location == back

    @pytest.mark.parametrize(
        "back",
        ["//evil.example/", "https://evil.example", "/logout", "/domains/other.org/mailboxes"],
    )
    def test_it_goes_back_nowhere_else(self, owner, mailbox, back):
        html = owner.get(MAILBOX, query_string={"next": back}).get_data(as_text=True)
        answer = send(owner, MAILBOX, html, {"on": "y"})
        assert answer.location == "/domains/example.org/mailboxes"

    @pytest.mark.parametrize("field", ["period", "billed_organization"])
    def test_what_was_not_offered_is_refused(self, app, owner, mailbox, field):
        before = choice(app, mailbox)
        for foreign in ("", "weekly", "1", "nul\0", "x" * 100_000):
            assert fill(owner, MAILBOX, {"on": "y", field: foreign}).status_code in (400, 422)
        assert choice(app, mailbox) == before

    def test_only_the_fields_of_the_form_are_taken(self, app, owner, acme, mailbox):
        more = {"organization_id": "2", "expires_on": "2099-01-01", "months": "99", "card": "1"}
        fill(owner, MAILBOX, {"on": "y", **more})
        assert choice(app, mailbox) == Choice(True, 1, acme.id)
        with app.app_context():
            row = db.session.get_one(Subscription, mailbox.subscription_id)
            assert (row.expires_on, row.organization_id) == (date(2027, 3, 28), acme.id)

    def test_without_a_price_it_cannot_be_switched_on(self, app, acme, mailbox, owner):
        with app.app_context(), transaction() as session:
            session.execute(db.delete(make.Price))
        assert "cannot be renewed automatically" in text(
            fill(owner, MAILBOX, {"on": "y", "preview": "1"})
        )
        assert fill(owner, MAILBOX, {"on": "y"}).status_code == 422
        assert not choice(app, mailbox).on

    def test_an_expired_one_is_not_charged_and_offers_to_renew_now(self, app, owner, mailbox):
        change(app, mailbox, expires_on=date(2027, 2, 27))
        page = text(fill(owner, MAILBOX, {"on": "y", "preview": "1"}))
        assert "expired on Feb 27, 2027" in page
        assert 'href="/mailboxes/info%40example.org/renew"' in page
        assert "First charge" not in page
        fill(owner, MAILBOX, {"on": "y"})
        with app.app_context():
            row = db.session.get_one(Subscription, mailbox.subscription_id)
            assert (row.auto_renewal, row.next_slot_on) == (True, None)

    @pytest.mark.parametrize("address", ["/mailboxes/a%00@example.org/auto-renewal",
                                         "/mailboxes/nobody@example.org/auto-renewal"])  # fmt: skip
    def test_what_does_not_exist_is_not_found(self, owner, mailbox, address):
        assert owner.get(address).status_code == 404

    def test_its_address_may_be_written_in_capitals(self, owner, mailbox):
        assert owner.get("/mailboxes/INFO@Example.org/auto-renewal").status_code == 200
