"""What the page tells before anything is changed."""

from datetime import date

from app.db import db, transaction
from app.renewals.models import Attempt
from tests import make
from tests.auto_renewal.page.world import choice
from tests.auto_renewal.world import BOTH, DOMAIN, MAILBOX, change, text
from tests.pages import fill

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


class TestPreview:
    def test_it_tells_price_first_charge_and_wallet(self, owner, mailbox):
        page = text(fill(owner, MAILBOX, {"on": "y", "preview": "1"}))
        for words in ("€1.00 for 1 month", "€12.00", "Mar 23, 2027", "Enough: Acme has €50.00."):
            assert words in page

    def test_it_tells_what_is_missing(self, app, owner, acme, mailbox):
        with app.app_context():
            make.money(acme, -4950)
        page = text(fill(owner, MAILBOX, {"on": "y", "period": "yearly", "preview": "1"}))
        assert "€9.50 short: Acme has €0.50." in page

    def test_a_domain_that_is_switched_on_too_must_be_covered_as_well(self, app, owner, mailbox):
        page = text(fill(owner, MAILBOX, {"on": "y", "domain_too": "y", "preview": "1"}))
        assert "Enough" in page
        with app.app_context(), transaction() as session:
            session.execute(
                db.update(make.Price).where(make.Price.extension == "org").values(price=4950)
            )
        page = text(fill(owner, MAILBOX, {"on": "y", "domain_too": "y", "preview": "1"}))
        assert "€0.50 short" in page

    def test_a_slot_tried_today_is_over(self, app, owner, mailbox):
        change(app, mailbox, expires_on=date(2027, 3, 4))
        assert "(today)" in text(fill(owner, MAILBOX, {"on": "y", "preview": "1"}))
        with app.app_context(), transaction() as session:
            session.add(
                Attempt(
                    subscription_id=mailbox.subscription_id, cur_expires_on=date(2027, 3, 4),
                    business_date=make.TODAY, trigger="daily", at=make.NOW,
                )
            )  # fmt: skip
        assert "Mar 2, 2027" in text(fill(owner, MAILBOX, {"on": "y", "preview": "1"}))

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
        page = text(owner.get(MAILBOX))
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
        assert "Switching off does not stop it any more" in text(owner.get(DOMAIN))
