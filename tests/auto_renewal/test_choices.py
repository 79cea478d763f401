"""Who may choose what: payers, contacts and cards of one's own, and by which role."""

import re
from datetime import date
from html import unescape

import pytest
from sqlalchemy import select

from app.accounts.rules import Role
from app.auto_renewal.service import Caller, Refusal, Refused, change_auto_renewal, version
from app.db import db, transaction
from app.journal.models import JournalRow
from app.journal.service import HOST
from app.subscriptions.models import Subscription
from app.subscriptions.service import Choice, current_choice
from tests import make
from tests.pages import fields, fill, send, signed_in, submit

MAILBOX = "/mailboxes/info@example.org/auto-renewal"
DOMAIN = "/domains/example.org/auto-renewal"
BOTH = pytest.mark.parametrize("page", [MAILBOX, DOMAIN])


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme", balance=5000)


@pytest.fixture
def beta(app, acme):
    with app.app_context():
        return make.organization("Beta", balance=5000)


@pytest.fixture
def stranger(app, acme):
    """An organization of somebody else, with a contact and a card of its own."""
    with app.app_context():
        made = make.organization("Stranger")
        make.contact(made, "Strange office")
        make.card(made, holder="Strange holder")
        return made


@pytest.fixture
def domain(app, acme):
    with app.app_context():
        made = make.domain(acme, "example.org")
        make.mailbox(made, acme)
        return made


def member_of(app, *roles):
    """A client of a person with a role in each organization."""
    with app.app_context():
        person = make.user("Somebody")
        for organization, role in roles:
            make.member(person, organization, role)
    return signed_in(app, person)


@pytest.fixture
def owner(app, acme, beta):
    """Owns both organizations."""
    return member_of(app, (acme, Role.OWNER), (beta, Role.OWNER))


def choice(app, page: str = DOMAIN) -> Choice:
    subject = page.split("/")[2]
    with app.app_context():
        return current_choice(
            db.session.scalars(select(Subscription).where(Subscription.subject == subject)).one()
        )


def sent(client, page: str, wish: dict):
    """Send only these fields and the version that the page shows, if it is shown at all."""
    shown = re.search(r'name="version"[^>]*value="([^"]+)"', text(client.get(page)))
    return submit(client, page, {"version": shown[1] if shown else "", **wish}, page="/")


def switched_on(app, payer) -> None:
    """Mailbox and domain renew by themselves, paid by `payer`."""
    with app.app_context(), transaction() as session:
        session.execute(
            db.update(Subscription).values(auto_renewal=True, billed_organization_id=payer.id)
        )


def text(answer) -> str:
    return unescape(answer.get_data(as_text=True))


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


class TestSeedB:
    """The two ways of the help page, with links and forms alone."""

    def follow(self, client, address: str, name: str) -> str:
        """The address of the link with that text or name on a page."""
        page = text(client.get(address))
        for link in re.finditer(r'<a ([^>]*href="([^"]+)"[^>]*)>(.*?)</a>', page, re.DOTALL):
            words = re.sub(r"<[^>]+>", "", link[3]).strip()
            label = re.search(r'aria-label="([^"]+)"', link[1])
            if name in (words, label and label[1]):
                return link[2]
        raise AssertionError(f"no link {name!r} on {address}")

    def to_mailboxes(self, client) -> str:
        domain = self.follow(client, self.follow(client, "/", "Domains"), "example.org")
        return self.follow(client, domain, "Mailboxes and forwardings")

    def test_from_the_list_of_mailboxes(self, app, owner, domain):
        mailboxes = self.to_mailboxes(owner)
        page = self.follow(owner, mailboxes, "Manage auto-renewal")
        answer = fill(owner, page.split("?")[0].replace("%40", "@"), {"on": "y"})
        assert answer.location == mailboxes
        assert 'aria-label="Auto-renewal on"' in text(owner.get(mailboxes))

    def test_from_the_mailbox_itself(self, app, owner, domain):
        mailbox = self.follow(owner, self.to_mailboxes(owner), "info@example.org")
        page = self.follow(owner, mailbox, "Change – Auto-renewal")
        fill(owner, page.split("?")[0].replace("%40", "@"), {"on": "y", "period": "yearly"})
        assert "On" in text(owner.get(mailbox))
        assert choice(app, MAILBOX).months == 12


def test_the_journal_names_who_changed_it(app, owner, domain):
    fill(owner, MAILBOX, {"on": "y"})
    with app.app_context():
        row = db.session.scalars(select(JournalRow)).one()
    assert (row.event, row.subject) == ("auto_renewal.switched_on", "info@example.org")
    assert row.user_id is not None


def test_an_expired_domain_can_be_switched_on_but_is_not_charged(app, owner, acme, domain):
    with app.app_context(), transaction() as session:
        row = session.get_one(Subscription, domain.subscription_id)
        row.expires_on = date(2027, 2, 1)
    page = text(fill(owner, DOMAIN, {"on": "y", "preview": "1"}))
    assert "example.org expired on Feb 1, 2027." in page
    assert "Renew now" not in page
