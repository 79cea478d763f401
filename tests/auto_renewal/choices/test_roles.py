"""Who may switch on and off, by which role."""

import pytest
from sqlalchemy import select

from app.accounts.rules import Role
from app.db import db
from app.journal.models import JournalRow
from app.subscriptions.service import Choice
from tests.auto_renewal.choices.world import choice, member_of, sent, switched_on
from tests.auto_renewal.world import BOTH, MAILBOX, text
from tests.pages import fill, send


class TestRoles:
    @BOTH
    @pytest.mark.parametrize(
        ("here", "there", "status"),
        [
            (Role.OWNER, None, 303),
            (Role.BILLING, None, 303),
            (Role.TECHNICAL, None, 422),
            (Role.TECHNICAL, Role.BILLING, 303),
            (Role.TECHNICAL, Role.OWNER, 303),
            (Role.TECHNICAL, Role.TECHNICAL, 422),
            (Role.TECHNICAL, Role.VIEWER, 422),
            (Role.VIEWER, None, 403),
            (Role.VIEWER, Role.OWNER, 403),
            (None, Role.OWNER, 404),
            (None, None, 404),
        ],
    )
    def test_switching_on_needs_both_rights(
        self, app, acme, beta, domain, page, here, there, status
    ):
        client = member_of(
            app, *[(one, role) for one, role in ((acme, here), (beta, there)) if role]
        )
        wish = {"on": "y", "billed_organization": beta.name if there else acme.name}
        assert sent(client, page, wish).status_code == status
        assert choice(app, page).on is (status == 303)

    @BOTH
    @pytest.mark.parametrize(
        ("role", "status"),
        [(Role.OWNER, 303), (Role.BILLING, 303), (Role.TECHNICAL, 303), (Role.VIEWER, 403),
         (None, 404)],
    )  # fmt: skip
    def test_switching_off_needs_no_right_to_bill(
        self, app, acme, beta, domain, page, role, status
    ):
        switched_on(app, beta)
        client = member_of(app, *([(acme, role)] if role else []))
        assert sent(client, page, {}).status_code == status
        assert choice(app, page).on is (status != 303)
        assert choice(app, page).billed_organization_id == beta.id

    @BOTH
    def test_who_only_looks_finds_a_page_that_cannot_be_changed(self, app, acme, domain, page):
        viewer = member_of(app, (acme, Role.VIEWER))
        answer = viewer.get(page)
        assert answer.status_code == 200
        assert "<fieldset disabled>" in text(answer)
        assert ">Update<" not in text(answer)

    def test_changing_what_another_pays_for_needs_a_payer_of_ones_own(
        self, app, acme, stranger, domain
    ):
        switched_on(app, stranger)
        client = member_of(app, (acme, Role.OWNER))
        page = text(client.get(MAILBOX))
        assert '<option selected value="unchanged">another organization</option>' in page
        answer = fill(client, MAILBOX, {"period": "yearly"})
        assert answer.status_code == 422
        assert "You may not have this organization pay." in text(answer)
        wish = {"period": "yearly", "billed_organization": acme.name}
        assert fill(client, MAILBOX, wish).status_code == 303
        assert choice(app, MAILBOX) == Choice(True, 12, acme.id)

    @BOTH
    def test_saving_what_another_pays_for_unchanged_is_harmless(
        self, app, acme, stranger, domain, page
    ):
        switched_on(app, stranger)
        before = choice(app, page)
        assert fill(member_of(app, (acme, Role.OWNER)), page, {}).status_code == 303
        assert choice(app, page) == before

    def test_a_payer_one_belongs_to_is_named_though_one_may_not_bill_it(
        self, app, acme, beta, domain
    ):
        switched_on(app, beta)
        client = member_of(app, (acme, Role.OWNER), (beta, Role.TECHNICAL))
        assert '<option selected value="unchanged">Beta</option>' in text(client.get(MAILBOX))

    def test_a_technician_who_may_bill_nobody_is_told_whom_to_ask(self, app, acme, domain):
        page = text(member_of(app, (acme, Role.TECHNICAL)).get(MAILBOX))
        assert "ask an owner or a billing member" in page

    def test_a_technician_can_take_back_what_they_switched_off(self, app, acme, domain):
        switched_on(app, acme)
        client = member_of(app, (acme, Role.TECHNICAL))
        fill(client, MAILBOX, {"on": None})
        html = client.get("/domains").get_data(as_text=True)
        send(client, "/auto-renewal/undo", html, {})
        assert choice(app, MAILBOX).on

    @BOTH
    def test_asking_for_the_head_of_the_page_changes_nothing(self, app, acme, owner, domain, page):
        switched_on(app, acme)
        assert owner.head(page).status_code == 200
        assert choice(app, page).on

    @BOTH
    def test_a_form_without_its_token_changes_nothing(self, app, owner, domain, page):
        assert owner.post(page, data={"on": "y"}).status_code == 403
        assert not choice(app, page).on

    @BOTH
    def test_who_is_not_signed_in_is_asked_to(self, client, domain, page):
        assert client.get(page).location.startswith("/login")


def test_the_journal_names_who_changed_it(app, owner, domain):
    fill(owner, MAILBOX, {"on": "y"})
    with app.app_context():
        row = db.session.scalars(select(JournalRow)).one()
    assert (row.event, row.subject) == ("auto_renewal.switched_on", "info@example.org")
    assert row.user_id is not None
