"""What is chosen for a domain: years, contact, card."""

from datetime import date

import pytest
from sqlalchemy import select

from app.db import db, transaction
from app.subscriptions.models import Subscription
from app.subscriptions.service import Choice
from tests import make
from tests.auto_renewal.choices.world import choice
from tests.auto_renewal.world import DOMAIN, text
from tests.pages import fill, send, submit


class TestDomain:
    def test_years_contact_and_card_are_kept(self, app, owner, acme, domain):
        with app.app_context():
            card, contact = make.card(acme), make.contact(acme)
        answer = fill(
            owner,
            DOMAIN,
            {"on": "y", "years": "3", "billing_contact": contact.name, "card": card.name},
        )
        assert (answer.status_code, answer.location) == (303, "/domains")
        assert choice(app) == Choice(True, 36, acme.id, contact.id, card.id)

    def test_its_labels_are_those_that_people_rely_on(self, owner, domain):
        page = text(owner.get(DOMAIN))
        for label in ("Auto-renewal", "Years", "Billed organization", "Billing contact", "Card"):
            assert f">{label}<" in page

    def test_it_offers_up_to_nine_years(self, owner, domain):
        page = text(owner.get(DOMAIN))
        assert '<option value="9">' in page
        assert '<option value="10">' not in page

    @pytest.mark.parametrize("years", ["0", "10", "-1", "x", "1.5", ""])
    def test_other_years_are_refused(self, app, owner, domain, years):
        assert fill(owner, DOMAIN, {"on": "y", "years": years}).status_code == 422
        assert not choice(app).on

    def test_the_default_contact_is_proposed_and_no_card(self, app, owner, acme, domain):
        with app.app_context():
            make.contact(acme, "AAA")
            make.card(acme)
        fill(owner, DOMAIN, {"on": "y"})
        taken = choice(app)
        with app.app_context():
            default = db.session.scalars(
                select(make.BillingContact.id).where(
                    make.BillingContact.organization_id == acme.id, make.BillingContact.is_default
                )
            ).one()
        assert (taken.billing_contact_id, taken.card_id) == (default, None)

    def test_cautions_are_shown_before_anything_is_confirmed(self, app, owner, acme, domain):
        with app.app_context():
            make.card(acme)
            other = make.card(acme, holder="Bob", exp=(12, 2027))
        wish = {"on": "y", "card": other.name}
        answer = fill(owner, DOMAIN, wish)
        assert answer.status_code == 422
        page = text(answer)
        assert "holder and the billing contact have different names" in page
        assert "expires before the first charge" in page
        assert not choice(app).on
        assert send(owner, DOMAIN, page, {}).status_code == 303
        assert choice(app).card_id == other.id

    def test_cautions_read_in_the_preview_need_no_second_look(self, app, owner, acme, domain):
        with app.app_context():
            card = make.card(acme, exp=(1, 2027))
        page = text(fill(owner, DOMAIN, {"on": "y", "card": card.name, "preview": "1"}))
        assert send(owner, DOMAIN, page, {}).status_code == 303

    def test_one_registered_elsewhere_has_none_and_says_so(self, app, owner, acme):
        with app.app_context():
            make.domain(acme, "elsewhere.org", external=True)
        page = owner.get("/domains/elsewhere.org/auto-renewal")
        assert page.status_code == 200
        assert "This domain is registered elsewhere" in text(page)
        answer = submit(owner, "/domains/elsewhere.org/auto-renewal", {"on": "y"}, page="/")
        assert answer.status_code == 404

    def test_one_that_left_cannot_be_switched_on(self, app, owner, domain):
        from app.domains.models import Domain
        from app.domains.rules import DomainStatus

        with app.app_context(), transaction() as session:
            session.get_one(Domain, domain.id).status = DomainStatus.GONE
        answer = fill(owner, DOMAIN, {"on": "y"})
        assert (answer.status_code, choice(app).on) == (422, False)
        assert "no longer registered with us" in text(answer)


def test_an_expired_domain_can_be_switched_on_but_is_not_charged(app, owner, acme, domain):
    with app.app_context(), transaction() as session:
        row = session.get_one(Subscription, domain.subscription_id)
        row.expires_on = date(2027, 2, 1)
    page = text(fill(owner, DOMAIN, {"on": "y", "preview": "1"}))
    assert "example.org expired on Feb 1, 2027." in page
    assert "Renew now" not in page
