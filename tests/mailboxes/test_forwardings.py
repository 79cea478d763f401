"""Forwardings: adding, changing and removing one through the pages."""

import pytest
from sqlalchemy import select

from app.accounts.rules import Role
from app.db import db
from app.journal.models import JournalRow
from app.mailboxes.forwardings import forwardings_of
from tests import make
from tests.pages import signed_in, submit

NEW = "/domains/example.org/forwardings/new"
LIST = "/domains/example.org/mailboxes#forwardings"
ONE = "/domains/example.org/forwardings/contact@example.org"


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def domain(app, acme):
    with app.app_context():
        return make.domain(acme, "example.org")


@pytest.fixture
def contact(app, domain):
    with app.app_context():
        return make.forwarding(domain, "contact", ("marie@people.example",))


@pytest.fixture
def technician(app, acme):
    with app.app_context():
        person = make.user("Tim")
        make.member(person, acme, Role.TECHNICAL)
    return signed_in(app, person)


def forwarded(app, domain) -> dict[str, tuple[str, ...]]:
    with app.app_context():
        return {one.address: one.destinations for one in forwardings_of(db.session, domain.id)}


def events(app) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(JournalRow.event).order_by(JournalRow.id)))


def add(client, destinations: str, local: str = "contact"):
    return submit(client, NEW, {"local": local, "destinations": destinations})


def test_a_new_forwarding_is_listed_below_the_mailboxes(app, technician, domain):
    answer = add(technician, "marie@people.example\r\npaul@people.example")
    assert (answer.status_code, answer.location) == (303, LIST)
    page = technician.get(LIST).get_data(as_text=True)
    assert "Mail to contact@example.org is forwarded from now on." in page
    assert 'aria-label="Actions for contact@example.org"' in page
    assert forwarded(app, domain) == {
        "contact@example.org": ("marie@people.example", "paul@people.example")
    }
    assert events(app) == ["forwarding.added"]


@pytest.mark.parametrize("local", ["CONTACT", " contact ", "contact@example.org"])
def test_the_address_may_be_written_in_several_ways(app, technician, domain, local):
    assert add(technician, "marie@people.example", local).status_code == 303
    assert list(forwarded(app, domain)) == ["contact@example.org"]


@pytest.mark.parametrize(
    "text",
    [
        "Marie@People.example\nmarie@people.example",
        "marie@people.example, marie@people.example;",
        "\n\n  marie@people.example  \n",
    ],
)
def test_each_destination_is_kept_once_in_lower_case(app, technician, domain, text):
    assert add(technician, text).status_code == 303
    assert forwarded(app, domain)["contact@example.org"] == ("marie@people.example",)


def test_test_domains_and_accented_domains_can_be_destinations(app, technician, domain):
    add(technician, "a@shop.test\nb@münchen.example")
    assert forwarded(app, domain)["contact@example.org"] == (
        "a@shop.test",
        "b@xn--mnchen-3ya.example",
    )


@pytest.mark.parametrize(
    ("local", "destinations", "reason"),
    [
        ("", "a@b.example", "Enter the part before the @."),
        ("two words", "a@b.example", "Use letters without accents"),
        ("a\r\nBcc: x@y.example", "a@b.example", "Use letters without accents"),
        ("nul\0", "a@b.example", "Use letters without accents"),
        ("é", "a@b.example", "Use letters without accents"),
        (".a", "a@b.example", "Use letters without accents"),
        ("a/b", "a@b.example", "Use letters without accents"),
        ("x" * 65, "a@b.example", "This is too long."),
        ("x" * 100_000, "a@b.example", "This is too long."),
        ("contact", "", "Enter at least one e-mail address."),
        ("contact", " ,;\n", "Enter at least one e-mail address."),
        ("contact", "nobody", "Not an e-mail address: nobody"),
        ("contact", "a@b.example\nx@localhost", "Not an e-mail address: x@localhost"),
        ("contact", "a@b.example\0", "Not an e-mail address"),
        ("contact", "<script>@b.example", "Not an e-mail address: &lt;script&gt;@b.example"),
        ("contact", "x" * 300 + "@b.example", "Not an e-mail address"),
        ("contact", "x" * 1_000_000, "This is too long."),
        ("contact", "\n".join(f"a{n}@b.example" for n in range(51)), "Enter at most 50 addresses."),
        ("contact", "contact@example.org", "An address cannot be forwarded to itself."),
        ("info", "a@b.example", "This address is a mailbox."),
    ],
)
def test_what_cannot_be_forwarded_is_said_and_kept(
    app, technician, acme, domain, local, destinations, reason
):
    with app.app_context():
        make.mailbox(domain, acme, "info")
    answer = add(technician, destinations, local)
    assert answer.status_code == 422
    assert reason in answer.get_data(as_text=True)
    assert forwarded(app, domain) == {}


def test_input_is_kept_after_an_error(technician, domain):
    page = add(technician, "marie@people.example\nnobody").get_data(as_text=True)
    assert 'value="contact"' in page
    assert "marie@people.example\nnobody</textarea>" in page


def test_fifty_destinations_are_taken(technician, domain):
    assert add(technician, "\n".join(f"a{n}@b.example" for n in range(50))).status_code == 303


def test_an_address_that_is_forwarded_already_is_refused(app, technician, domain, contact):
    answer = add(technician, "paul@people.example")
    assert answer.status_code == 422
    assert "This address is forwarded already." in answer.get_data(as_text=True)
    assert forwarded(app, domain)["contact@example.org"] == ("marie@people.example",)


def test_mail_cannot_be_sent_in_circles(app, technician, domain):
    with app.app_context():
        make.forwarding(domain, "b", ("c@example.org", "x@people.example"))
        make.forwarding(domain, "c", ("contact@example.org",))
    answer = add(technician, "b@example.org")
    assert answer.status_code == 422
    assert "b@example.org leads back here." in answer.get_data(as_text=True)


def test_a_circle_that_is_there_already_stops_nobody(app, technician, domain):
    with app.app_context():
        make.forwarding(domain, "b", ("c@example.org",))
        make.forwarding(domain, "c", ("b@example.org",))
    assert add(technician, "b@example.org").status_code == 303


def test_destinations_are_changed(app, technician, domain, contact):
    page = technician.get(f"{ONE}/edit").get_data(as_text=True)
    assert "marie@people.example</textarea>" in page
    answer = submit(
        technician, f"{ONE}/edit", {"destinations": "paul@people.example\nmarie@people.example"}
    )
    assert answer.location == LIST
    assert set(forwarded(app, domain)["contact@example.org"]) == {
        "marie@people.example",
        "paul@people.example",
    }
    assert events(app) == ["forwarding.changed"]


def test_saving_what_stands_already_writes_nothing(app, technician, contact):
    submit(technician, f"{ONE}/edit", {"destinations": "marie@people.example"})
    assert events(app) == []


def test_a_change_into_a_circle_is_refused(app, technician, domain, contact):
    answer = submit(technician, f"{ONE}/edit", {"destinations": "contact@example.org"})
    assert answer.status_code == 422
    assert forwarded(app, domain)["contact@example.org"] == ("marie@people.example",)


def test_removing_asks_first(app, technician, domain, contact):
    assert technician.get(f"{ONE}/remove").status_code == 200
    assert list(forwarded(app, domain)) == ["contact@example.org"]
    assert submit(technician, f"{ONE}/remove", {}).location == LIST
    assert forwarded(app, domain) == {}
    assert events(app) == ["forwarding.removed"]


@pytest.mark.parametrize("action", ["edit", "remove"])
def test_what_was_removed_already_is_a_message_not_an_error(technician, contact, action):
    fields = {"destinations": "paul@people.example"}
    submit(technician, f"{ONE}/remove", {})
    answer = submit(technician, f"{ONE}/{action}", fields, page=NEW)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert "it was removed already" in technician.get(LIST).get_data(as_text=True)


def test_a_list_that_is_long_is_cut_and_continued(app, technician, domain):
    with app.app_context():
        for number in range(105):
            make.forwarding(domain, f"a{number:03}")
    tab = technician.get(LIST).get_data(as_text=True)
    assert tab.count("Actions for a0") >= 20
    assert "Show all forwardings" in tab
    page = technician.get("/domains/example.org/forwardings").get_data(as_text=True)
    assert "after=a099%40example.org" in page or "after=a099@example.org" in page
    rest = technician.get("/domains/example.org/forwardings?after=a099@example.org")
    assert "a104@" in rest.get_data(as_text=True).replace("<wbr>", "")


ADDRESSES = [NEW, f"{ONE}/edit", f"{ONE}/remove"]
STATUS = {Role.OWNER: 200, Role.TECHNICAL: 200, Role.BILLING: 403, Role.VIEWER: 403, None: 404}


@pytest.mark.parametrize("role", STATUS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_who_may_manage_forwardings(app, acme, contact, role, address):
    with app.app_context():
        person = make.user("Somebody")
        if role:
            make.member(person, acme, role)
        else:
            make.member(person, make.organization("Other"))
    client = signed_in(app, person)
    assert client.get(address).status_code == STATUS[role]
    if STATUS[role] != 200:
        answer = submit(client, address, {"local": "x", "destinations": "a@b.example"}, page="/")
        assert answer.status_code == STATUS[role]


def test_a_viewer_sees_forwardings_without_buttons(app, acme, contact):
    with app.app_context():
        viewer = make.user("Vera")
        make.member(viewer, acme, Role.VIEWER)
    page = signed_in(app, viewer).get(LIST).get_data(as_text=True)
    assert "marie" in page
    assert "Add a forwarding" not in page
    assert "Actions for contact" not in page


@pytest.mark.parametrize("address", ADDRESSES)
def test_asking_for_the_head_of_a_page_changes_nothing(app, technician, domain, contact, address):
    assert technician.head(address).status_code == 200
    assert forwarded(app, domain) == {"contact@example.org": ("marie@people.example",)}


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_form_without_its_token_changes_nothing(app, technician, domain, contact, address):
    fields = {"local": "new", "destinations": "a@b.example"}
    assert technician.post(address, data=fields).status_code == 403
    assert forwarded(app, domain) == {"contact@example.org": ("marie@people.example",)}


def test_a_forwarding_of_another_domain_is_not_found(app, technician, acme, domain):
    with app.app_context():
        other = make.domain(acme, "other.example")
        make.forwarding(other, "contact")
    address = "/domains/example.org/forwardings/contact@other.example"
    assert technician.get(f"{address}/edit").status_code == 404
    submit(technician, f"{address}/remove", {}, page="/")
    assert list(forwarded(app, other)) == ["contact@other.example"]


@pytest.mark.parametrize("address", ["/domains/a%00b/forwardings/new", f"{NEW[:-3]}%00/edit"])
def test_no_address_with_nul_is_an_error_of_ours(technician, address):
    assert technician.get(address).status_code == 404
