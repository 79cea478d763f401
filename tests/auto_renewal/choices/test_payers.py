"""Payers, contacts and cards that were not offered are refused."""

import pytest

from app.auto_renewal.service import Caller, Refusal, Refused, change_auto_renewal, version
from app.db import transaction
from app.journal.service import HOST
from app.subscriptions.service import Choice
from tests import make
from tests.auto_renewal.choices.world import choice
from tests.auto_renewal.world import BOTH, DOMAIN, text
from tests.pages import fields, fill, send


class TestNestedObjects:
    """R22: contact and card belong to the payer, the payer to the person."""

    @pytest.mark.parametrize(
        ("kind", "of"),
        [
            ("billing_contact", "other"),
            ("billing_contact", "stranger"),
            ("billing_contact", "nobody"),
            ("card", "other"),
            ("card", "stranger"),
            ("card", "nobody"),
            ("card", "unvalidated"),
        ],
    )
    def test_what_is_not_the_payers_is_refused(
        self, app, owner, acme, beta, stranger, domain, kind, of
    ):
        with app.app_context():
            make.card(acme)
            makes = {"billing_contact": make.contact, "card": make.card}[kind]
            if of == "unvalidated":
                value = make.card(acme, validated=False).name
            elif of == "nobody":
                value = "no-such-thing"
            else:
                value = makes({"other": beta, "stranger": stranger}[of]).name
        answer = fill(owner, DOMAIN, {"on": "y", kind: value})
        assert answer.status_code == 422
        assert "from the list." in text(answer)
        assert "Strange" not in text(answer)
        assert not choice(app).on

    def test_when_the_payer_changes_its_contacts_and_cards_are_offered(
        self, app, owner, acme, beta, domain
    ):
        with app.app_context():
            first, second = make.card(acme), make.card(beta, holder="Beta")
        wish = {"on": "y", "billed_organization": beta.name, "card": first.name}
        answer = fill(owner, DOMAIN, wish)
        assert answer.status_code == 422
        page = text(answer)
        assert "Choose a card of the billed organization, from the list." in page
        assert second.name in page
        assert first.name not in page
        contact = fields(page, DOMAIN)["billing_contact"]
        assert send(owner, DOMAIN, page, {"card": second.name}).status_code == 303
        assert contact == f"{beta.name}-contact"
        assert choice(app).card_id == second.id

    def test_a_preview_of_another_payer_shows_its_own(self, app, owner, acme, beta, domain):
        with app.app_context():
            first = make.card(acme)
        wish = {"on": "y", "billed_organization": beta.name, "card": first.name, "preview": "1"}
        answer = fill(owner, DOMAIN, wish)
        assert answer.status_code == 200
        assert fields(text(answer), DOMAIN)["billing_contact"] == f"{beta.name}-contact"
        assert "Enough: Beta has" in text(answer)

    @BOTH
    @pytest.mark.parametrize("who", ["stranger", "id", "unchanged"])
    def test_a_payer_that_was_not_offered_is_refused(self, app, owner, stranger, domain, page, who):
        value = {"stranger": stranger.name, "id": str(stranger.id), "unchanged": "unchanged"}[who]
        answer = fill(owner, page, {"on": "y", "billed_organization": value})
        assert answer.status_code == 422
        assert "Choose one of the organizations in the list." in text(answer)
        assert not choice(app, page).on

    @pytest.mark.parametrize(
        ("wish", "refusal"),
        [("payer", Refusal.PAYER), ("contact", Refusal.CONTACT), ("card", Refusal.CARD),
         ("unvalidated", Refusal.CARD), ("organization", Refusal.NOT_YOURS)],
    )  # fmt: skip
    def test_the_service_checks_again(self, app, acme, beta, domain, wish, refusal):
        with app.app_context():
            taken = {
                "payer": Choice(True, 12, beta.id),
                "contact": Choice(True, 12, acme.id, make.contact(beta).id),
                "card": Choice(True, 12, acme.id, None, make.card(beta).id),
                "unvalidated": Choice(True, 12, acme.id, None, make.card(acme, validated=False).id),
                "organization": Choice(True, 12, acme.id),
            }[wish]
            managed = set() if wish == "organization" else {acme.id}
            caller = Caller(HOST, {acme.id}, managed, make.TODAY, make.NOW)
            with pytest.raises(Refused) as refused, transaction() as session:
                change_auto_renewal(
                    session, domain.subscription_id, taken,
                    seen=version(Choice(False, 12, None)), caller=caller,
                )  # fmt: skip
        assert refused.value.refusal is refusal
        assert not choice(app).on
