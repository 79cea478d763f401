"""What was switched is taken back, for ten minutes."""

from datetime import timedelta

import pytest

from app.accounts.rules import Role
from app.db import db, transaction
from app.subscriptions.service import Choice
from tests import make
from tests.auto_renewal.page.world import choice, events
from tests.auto_renewal.world import BOTH, DOMAIN, MAILBOX, change, text
from tests.pages import fields, fill, send, signed_in, submit


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
        fill(owner, MAILBOX, {"on": "y"})
        app.test_cli_runner().invoke(args=["tick", "--job", "renewals"])
        self.undo(owner)
        assert "1 was renewed in the meantime: it stays renewed" in text(owner.get("/domains"))
        assert not choice(app, mailbox).on

    def test_it_works_for_ten_minutes(self, app, owner, clock, mailbox):
        fill(owner, MAILBOX, {"on": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        clock.advance(timedelta(minutes=10, seconds=1))
        send(owner, "/auto-renewal/undo", html, {})
        assert choice(app, mailbox).on
        assert "Ten minutes have passed" in text(owner.get("/domains"))
        clock.advance(timedelta(seconds=-1))
        send(owner, "/auto-renewal/undo", html, {})
        assert not choice(app, mailbox).on

    def test_it_leaves_alone_what_was_changed_again(self, app, owner, acme, mailbox):
        fill(owner, MAILBOX, {"on": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        fill(owner, MAILBOX, {"on": "y", "period": "yearly"})
        send(owner, "/auto-renewal/undo", html, {})
        assert choice(app, mailbox) == Choice(True, 12, acme.id)

    def test_it_cannot_be_done_twice(self, app, owner, mailbox):
        fill(owner, MAILBOX, {"on": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        for _turn in range(2):
            send(owner, "/auto-renewal/undo", html, {})
        assert len(events(app)) == 2

    def test_it_is_all_or_nothing(self, app, owner, domain, mailbox):
        fill(owner, MAILBOX, {"on": "y", "domain_too": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        fill(owner, DOMAIN, {"on": None})
        send(owner, "/auto-renewal/undo", html, {})
        assert choice(app, mailbox).on

    def test_nobody_else_can_use_the_button(self, app, owner, acme, mailbox):
        fill(owner, MAILBOX, {"on": "y"})
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
        fill(owner, MAILBOX, {"on": "y"})
        html = owner.get("/domains").get_data(as_text=True)
        with app.app_context(), transaction() as session:
            session.execute(db.update(make.Member).values(role=Role.VIEWER))
        send(owner, "/auto-renewal/undo", html, {})
        assert choice(app, mailbox).on
