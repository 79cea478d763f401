"""A mailbox depends on its domain, which may be switched on with it."""

from datetime import date

from app.db import transaction
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from tests import make
from tests.auto_renewal.page.world import choice, events
from tests.auto_renewal.world import MAILBOX, change, text
from tests.pages import fill


class TestDomainOfAMailbox:
    def test_the_seeds_warning_comes_with_the_choice(self, app, owner, acme, domain, mailbox):
        page = text(fill(owner, MAILBOX, {"on": "y", "preview": "1"}))
        assert "Mailboxes depend on their domain." in page
        assert "Switch on auto-renewal of example.org too: €15.00 for 1 year" in page
        fill(owner, MAILBOX, {"on": "y", "domain_too": "y"})
        taken = choice(app, domain)
        assert (taken.on, taken.months, taken.billed_organization_id) == (True, 12, acme.id)
        assert [event for event, _subject in events(app)] == ["auto_renewal.switched_on"] * 2
        assert "for info@example.org and for example.org." in text(owner.get("/domains"))

    def test_nothing_is_said_where_the_domain_renews_itself(
        self, app, owner, acme, domain, mailbox
    ):
        change(app, domain, auto_renewal=True, billed_organization_id=acme.id)
        assert "depend" not in text(fill(owner, MAILBOX, {"on": "y", "preview": "1"}))

    def test_it_is_not_touched_unless_asked(self, app, owner, domain, mailbox):
        fill(owner, MAILBOX, {"on": "y"})
        assert not choice(app, domain).on

    def test_it_says_that_a_domain_which_ends_first_stops_the_renewal(
        self, app, owner, domain, mailbox
    ):
        change(app, domain, expires_on=date(2027, 3, 20))
        page = text(fill(owner, MAILBOX, {"on": "y", "preview": "1"}))
        assert "example.org ends on Mar 20, 2027 and does not renew automatically." in page

    def test_a_domain_that_left_is_named_but_not_offered(self, app, owner, domain, mailbox):
        with app.app_context(), transaction() as session:
            session.get_one(Domain, domain.id).status = DomainStatus.GONE
        page = text(fill(owner, MAILBOX, {"on": "y", "preview": "1"}))
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
