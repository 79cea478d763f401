"""The pages of domains: list, one domain, history."""

from datetime import date, timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from app.accounts.rules import Role
from app.billing.models import BillingContact, Card
from app.db import transaction
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.journal.service import HOST, Actor, record
from app.subscriptions.models import Subscription
from tests import make
from tests.pages import listed, signed_in, statements, without_tokens

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme")


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        marie = make.owner(acme)
    return signed_in(app, marie)


@pytest.fixture
def three(app, acme):
    """One domain that renews and has a mailbox, one that does not, one registered elsewhere."""
    with app.app_context():
        alpha = make.domain(acme, "alpha.org", expires_on=date(2028, 5, 1), on=True)
        make.domain(acme, "beta.net", expires_on=date(2027, 4, 1))
        make.domain(acme, "gamma.org", external=True)
        make.mailbox(alpha, acme, "info")
        make.mailbox(alpha, acme, "sales", on=True)


def page(client, address, status=200, **more):
    answer = client.get(address, **more)
    assert answer.status_code == status
    return unescape(answer.get_data(as_text=True))


# ---- The list


def test_the_list_shows_each_domain_with_expiry_mark_and_menu(owner, three):
    html = page(owner, "/domains")
    assert listed(html) == ["alpha.org", "beta.net", "gamma.org"]
    assert html.count('aria-label="Auto-renewal on"') == 1
    assert "May 1, 2028" in html
    assert 'aria-label="Actions for alpha.org"' in html
    for label in ("Manage auto-renewal", "Mailboxes and forwardings", "Manage"):
        assert f">{label}</a>" in html
    assert 'href="/domains/alpha.org/auto-renewal' in html


def test_a_name_registered_elsewhere_has_no_auto_renewal(owner, three):
    assert 'href="/domains/gamma.org/auto-renewal' not in page(owner, "/domains")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=ALPHA", ["alpha.org"]),
        ("q=.org", ["alpha.org", "gamma.org"]),
        ("q=%25", []),
        ("q=%00beta", ["beta.net"]),
        ("mailboxes=with", ["alpha.org"]),
        ("mailboxes=without", ["beta.net", "gamma.org"]),
        ("mailboxes=any", ["alpha.org", "beta.net", "gamma.org"]),
        ("auto_renewal=on", ["alpha.org"]),
        ("auto_renewal=off", ["beta.net"]),
        ("extension=org", ["alpha.org", "gamma.org"]),
        ("extension=org&mailboxes=without", ["gamma.org"]),
        ("expires=30", []),
        ("expires=60", ["beta.net"]),
        ("expires=31", ["alpha.org", "beta.net", "gamma.org"]),
        ("expires=expired", []),
        ("payer=others", []),
        ("payer=%00nobody", ["alpha.org", "beta.net", "gamma.org"]),
        ("sort=-name", ["gamma.org", "beta.net", "alpha.org"]),
        ("sort=expiry", ["beta.net", "alpha.org", "gamma.org"]),
        ("sort=-expiry", ["gamma.org", "alpha.org", "beta.net"]),
        ("sort=nonsense&size=7&after=~&mailboxes=some", ["alpha.org", "beta.net", "gamma.org"]),
    ],
)
def test_filters_and_order_live_in_the_address(owner, three, query, expected):
    assert listed(page(owner, f"/domains?{query}")) == expected


@pytest.mark.parametrize(
    ("days", "within"),
    [(-1, "expired"), (0, "expired"), (1, "7"), (7, "7"), (8, "30"), (30, "30"), (90, "90")],
)
def test_what_expires_today_has_expired_and_tomorrow_is_within_a_week(
    app, owner, acme, days, within
):
    with app.app_context():
        make.domain(acme, "one.org", expires_on=make.TODAY + timedelta(days=days))
    found = [
        name
        for name in ("expired", "7", "30", "60", "90")
        if listed(page(owner, f"/domains?expires={name}"))
    ]
    assert found[0] == within
    assert found == ["expired"] or "expired" not in found


@pytest.fixture
def paid_by_three(app, acme):
    """Domains of Acme that Acme, another organization of hers and a stranger pay; and one off."""
    with app.app_context():
        marie = make.owner(acme)
        second = make.organization("Second")
        make.member(marie, second)
        make.domain(acme, "a-own.org", on=True)
        make.domain(acme, "b-second.org", on=True, payer=second)
        make.domain(acme, "c-strange.org", on=True, payer=make.organization("Stranger"))
        make.domain(acme, "d-off.org")
    return signed_in(app, marie), acme.name, second.name


def test_domains_are_found_by_who_pays_them(paid_by_three):
    client, acme, second = paid_by_three
    for payer, expected in (
        (acme, ["a-own.org"]),
        (second, ["b-second.org"]),
        ("others", ["c-strange.org"]),
    ):
        assert listed(page(client, f"/domains?payer={payer}")) == expected


def test_only_those_who_pay_something_here_are_offered(app, paid_by_three, owner):
    client, acme, second = paid_by_three
    html = page(client, "/domains")
    select = html.split('<select name="payer"')[1].split("</select>")[0]
    assert [option.split('"')[0] for option in select.split('value="')[1:]] == [
        "", acme, second, "others",
    ]  # fmt: skip
    # A person of Acme alone does not know the second organization.
    html = page(owner, "/domains")
    assert "Second" not in html.split('<select name="payer"')[1].split("</select>")[0]


def test_filters_are_kept_by_paging_sorting_and_the_other_view(app, owner, acme):
    with app.app_context():
        for _ in range(30):
            make.domain(acme, expires_on=make.TODAY + timedelta(days=5), on=True)
    html = page(owner, f"/domains?expires=7&payer={acme.name}&size=25")
    kept = f"expires=7&payer={acme.name}"
    for other in ("size=25&sort=expiry", "size=25&view=advanced", "size=25&after="):
        assert f"/domains?{kept}&{other}" in html
    assert 'href="/domains?size=25" hx-boost="false">Clear filters</a>' in html
    assert '<span class="count" data-set>2</span>' in html


def test_the_advanced_view_tells_who_pays_how_much_and_until_when(app, owner, acme, three):
    with app.app_context():
        pay_by(make.card(acme), acme, "alpha.org")
    html = page(owner, "/domains?view=advanced")
    for head in (
        "Registrar",
        "Billed organization",
        "Billing contact",
        "Card",
        "Last day to renew",
    ):
        assert f">{head}</th>" in html
    for value in ("Sandbox", "Visa ••••\xa04242", "€15.00", "Apr 30, 2028", ">2</td>"):
        assert value in html


def test_card_and_contact_of_a_payer_whom_one_does_not_belong_to_stay_hidden(app, owner, acme):
    with app.app_context():
        other = make.organization("Foreign")
        name = make.domain(acme, "paid.org", on=True, payer=other).name
        pay_by(make.card(other), other, name)
    for address in ("/domains?view=advanced", "/domains/paid.org"):
        html = page(owner, address)
        assert html.count(">Foreign<") == 1
        assert "4242" not in html
        assert "default" not in html


def test_where_neither_contact_nor_card_is_named_the_usual_ones_are_told(app, owner, acme):
    with app.app_context():
        make.domain(acme, "plain.org", on=True)
    html = page(owner, "/domains/plain.org")
    assert "Acme (the default one)" in html
    assert "None: the wallet pays" in html
    with app.app_context():
        make.card(acme)
    with app.app_context(), transaction() as session:
        session.execute(update(Card).values(auto_debit=True))
    assert "Visa ••••\xa04242 (the default one)" in page(owner, "/domains/plain.org")
    assert page(owner, "/domains?view=advanced").count("the default one") == 2


def test_a_named_card_that_is_not_charged_says_so_and_what_pays_instead(app, owner, acme):
    with app.app_context():
        make.domain(acme, "plain.org", on=True)
        card = make.card(acme)
        pay_by(card, acme, "plain.org")
    off = "Not charged by itself: auto-debit is off."
    set_card(app, card, auto_debit=True)
    assert "Not charged" not in page(owner, "/domains/plain.org")
    set_card(app, card, auto_debit=False)
    assert f"{off} What the wallet cannot cover is not renewed." in page(
        owner, "/domains/plain.org"
    )
    with app.app_context():
        other = make.card(acme)
    set_card(app, other, auto_debit=True, last4="5556")
    assert f"{off} Visa ••••\xa05556 pays what the wallet lacks." in page(
        owner, "/domains/plain.org"
    )
    set_card(app, card, auto_debit=True, exp_year=2026)
    assert "It can no longer be charged. Visa ••••\xa05556" in page(owner, "/domains/plain.org")


def set_card(app, card, **values):
    with app.app_context(), transaction() as session:
        session.execute(update(Card).where(Card.id == card.id).values(**values))


def pay_by(card, payer, name):
    """Name a card and the payer's billing contact for a domain's renewals."""
    contact = select(BillingContact.id).where(BillingContact.organization_id == payer.id)
    with transaction() as session:
        session.execute(
            update(Subscription)
            .where(Subscription.subject == name)
            .values(card_id=card.id, billing_contact_id=contact.scalar_subquery())
        )


def test_an_expired_or_departing_name_says_so(app, owner, acme):
    with app.app_context():
        make.domain(acme, "late.org", expires_on=date(2027, 3, 1))
        leaving = make.domain(acme, "leaving.org")
        with transaction() as session:
            session.get_one(Domain, leaving.id).status = DomainStatus.TRANSFERRING
    html = page(owner, "/domains")
    assert ">Expired</span>" in html
    assert ">Being transferred</span>" in html


def test_without_domains_the_list_says_so(owner):
    assert "No domain yet" in page(owner, "/domains")


def test_where_nothing_matches_one_click_clears_the_filters(owner, three):
    html = page(owner, "/domains?view=advanced&q=nowhere")
    assert "No domain matches" in html
    assert 'href="/domains?view=advanced">Clear filters</a>' in html


def test_a_person_of_no_organization_is_told_what_to_do(app, clock):
    with app.app_context():
        nobody = make.user("Nobody")
        make.organization("Acme")
    assert "You belong to no organization" in page(signed_in(app, nobody), "/domains")


def test_the_list_of_another_organization_stays_out_of_reach(app, owner, three):
    with app.app_context():
        stranger = make.owner(make.organization("Other"))
    assert listed(page(signed_in(app, stranger), "/domains")) == []


def test_a_viewer_is_not_offered_what_they_may_not_change(app, acme, three):
    with app.app_context():
        viewer = make.user("Vera")
        make.member(viewer, acme, Role.VIEWER)
    client = signed_in(app, viewer)
    assert "Manage auto-renewal" not in page(client, "/domains")
    assert ">Change</a>" not in page(client, "/domains/alpha.org")


@pytest.mark.parametrize(
    "query", ["", "?view=advanced&sort=-expiry", "?q=nowhere", "?mailboxes=with&size=25"]
)
def test_the_part_that_htmx_gets_is_that_part_of_the_page(owner, three, query):
    whole = without_tokens(page(owner, f"/domains{query}"))
    part = without_tokens(page(owner, f"/domains{query}", headers=PART))
    assert part.strip().startswith('<div id="list">')
    assert part.strip() in whole


def test_htmx_is_told_an_address_without_empty_fields(owner, three):
    answer = owner.get("/domains?q=&mailboxes=with&auto_renewal=&extension=", headers=PART)
    assert answer.headers["HX-Push-Url"] == "/domains?mailboxes=with"


def test_two_hundred_domains_take_as_many_statements_as_ten(app, owner, acme):
    page(owner, "/domains")  # the first request of all also reads the installation's terms
    counts = []
    for more in (10, 190):
        with app.app_context():
            for _ in range(more):
                make.mailbox(make.domain(acme), acme)
        with statements(app) as sent:
            page(owner, "/domains?view=advanced&size=200")
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 6


# ---- One domain


def test_the_overview_shows_the_configuration_and_leads_to_changing_it(owner, three):
    html = page(owner, "/domains/alpha.org")
    assert ">Configuration</h2>" in html
    assert '<span class="badge green">On</span>' in html
    assert 'href="/domains/alpha.org/auto-renewal"' in html
    assert "<dt>With auto-renewal</dt><dd>1</dd>" in html
    for tab in ("/domains/alpha.org/mailboxes", "/domains/alpha.org/history"):
        assert f'href="{tab}"' in html


def test_auto_renewal_off_is_grey(owner, three):
    assert '<span class="badge grey">Off</span>' in page(owner, "/domains/beta.net")


def test_a_name_registered_elsewhere_has_no_dates(owner, three):
    html = page(owner, "/domains/gamma.org")
    assert "Registered elsewhere" in html
    assert "Expiry" not in html


def test_an_address_may_be_written_in_capitals(owner, three):
    page(owner, "/domains/ALPHA.org")


@pytest.mark.parametrize("address", ["/domains/{}", "/domains/{}/history", "/domains/{}/mailboxes"])
def test_unknown_and_foreign_names_do_not_exist(app, owner, three, address):
    page(owner, address.format("unknown.org"), status=404)
    with app.app_context():
        stranger = make.owner(make.organization("Other"))
    page(signed_in(app, stranger), address.format("alpha.org"), status=404)


def test_a_member_sees_a_domain_of_an_organization_that_is_not_chosen(app, owner, acme, three):
    with app.app_context():
        both = make.owner(acme)
        make.member(both, make.organization("Aaa"))
    page(signed_in(app, both), "/domains/alpha.org")


# ---- History


def test_history_tells_in_words_what_happened_to_the_domain_and_what_lives_on_it(
    app, owner, acme, three
):
    with app.app_context():
        marie = make.user("Marie-Lou")
        tell(acme, "auto_renewal.switched_on", "alpha.org", by=Actor(user_id=marie.id), months=12)
        tell(acme, "mailbox.renewed", "info@alpha.org", expires_on="2027-04-28", months=1)
        tell(acme, "mailbox.renewed", "info@notalpha.org", expires_on="2027-12-24", months=1)
    html = page(owner, "/domains/alpha.org/history")
    assert "Auto-renewal was switched on, yearly" in html
    assert "Marie-Lou" in html
    assert "Renewed until Apr 28, 2027" in html
    assert "Dec 24, 2027" not in html


def test_mails_to_an_address_on_the_domain_are_no_part_of_its_history(app, owner, acme, three):
    with app.app_context():
        tell(acme, "mail.queued", "marie@alpha.org", kind="alerts", message_id="<1@b>")
    assert "Nothing has happened yet" in page(owner, "/domains/alpha.org/history")


def test_history_of_a_former_owner_stays_theirs(app, owner, acme, three):
    with app.app_context():
        tell(make.organization("Former"), "domain.renewed", "alpha.org", expires_on="2027-01-31")
    assert "Nothing has happened yet" in page(owner, "/domains/alpha.org/history")


def test_history_is_shown_page_by_page_the_latest_first(app, owner, acme, three):
    with app.app_context():
        for day in range(1, 28):
            tell(acme, "domain.renewed", "alpha.org", expires_on=f"2030-01-{day:02}")
    html = page(owner, "/domains/alpha.org/history?size=25")
    assert "Jan 27, 2030" in html
    assert "Jan 2, 2030" not in html
    assert 'rel="next"' in html


def tell(organization, event, subject, by=HOST, **detail):
    with transaction() as session:
        record(
            session, event, organization_id=organization.id, subject=subject, by=by, now=make.NOW,
            **detail,
        )  # fmt: skip
