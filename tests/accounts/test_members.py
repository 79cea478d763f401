"""Members of an organization: adding, roles, removing, and who may do it."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import members
from app.accounts.models import Member, User
from app.accounts.rules import Role
from app.db import db, transaction
from app.journal.models import JournalRow
from app.journal.service import Actor
from app.outbox.models import Mail
from tests import make
from tests.pages import signed_in, submit

PAGE = "/organization"


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def marie(app, acme):
    with app.app_context():
        return make.owner(acme, "Marie")


@pytest.fixture
def owner(app, marie):
    return signed_in(app, marie)


def person(app, acme, name, role):
    with app.app_context():
        made = make.user(name)
        make.member(made, acme, role)
        return made


def public_id(app, user):
    with app.app_context():
        return db.session.get_one(User, user.id).public_id


def add(client, email, role="technical"):
    return submit(client, "/organization/members", {"email": email, "role": role}, page=PAGE)


def roles(app, acme):
    with app.app_context():
        rows = db.session.execute(
            select(User.email, Member.role)
            .join(Member, Member.user_id == User.id)
            .where(Member.organization_id == acme.id)
        )
        return {row.email: row.role.value for row in rows}


def mails(app):
    with app.app_context():
        return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def test_somebody_unknown_is_invited(app, acme, owner):
    assert add(owner, "New@people.example").location == PAGE
    assert roles(app, acme)["new@people.example"] == "technical"
    [mail] = mails(app)
    assert mail.recipient == "new@people.example"
    path = "/password/" + mail.body.split("/password/")[1].split()[0]
    guest = app.test_client()
    fields = {"name": "Newton", "password": "an apple fell down"}
    assert submit(guest, path, fields).location == "/"
    assert "Newton" in guest.get(PAGE).get_data(as_text=True)


def test_an_invitation_lasts_seven_days(app, owner, clock):
    add(owner, "new@people.example")
    path = "/password/" + mails(app)[0].body.split("/password/")[1].split()[0]
    clock.advance(timedelta(days=6, hours=23))
    assert app.test_client().get(path).status_code == 200
    clock.advance(timedelta(hours=1))
    assert app.test_client().get(path).status_code == 404


def test_somebody_known_is_added_and_told(app, acme, owner):
    with app.app_context():
        jean = make.user("Jean")
    add(owner, jean.name, "viewer")
    assert roles(app, acme)[jean.name] == "viewer"
    assert "/password/" not in mails(app)[0].body
    assert signed_in(app, jean).get(PAGE).status_code == 200


def test_the_answer_does_not_tell_whether_the_portal_knew_the_address(app, owner):
    with app.app_context():
        known = make.user("Jean", email="jean@people.example")
    pages = []
    for email in (known.name, "jane@people.example"):
        add(owner, email)
        page = owner.get(PAGE).get_data(as_text=True)
        pages.append([line for line in page.splitlines() if email in line and "m-" not in line])
    assert [line.replace("jean", "jane") for line in pages[0]] == pages[1]
    assert "Jean" not in owner.get(PAGE).get_data(as_text=True)


def test_a_member_is_added_once(app, owner, marie):
    assert add(owner, marie.name).status_code == 422
    assert mails(app) == []


@pytest.mark.parametrize("email", ["", "nonsense", "a@b", "a@b.example\r\nBcc: c@d.example"])
def test_what_is_no_address_is_refused(app, owner, email):
    assert add(owner, email).status_code == 422
    assert mails(app) == []


def test_twenty_people_a_day_are_enough(app, acme, owner, clock):
    for number in range(20):
        assert add(owner, f"guest{number}@people.example").status_code == 303
    assert add(owner, "guest20@people.example").status_code == 429
    clock.advance(timedelta(days=1))
    assert add(owner, "guest20@people.example").status_code == 303


def test_a_role_can_be_changed(app, acme, owner):
    jean = person(app, acme, "Jean", Role.VIEWER)
    submit(owner, f"/organization/members/{public_id(app, jean)}", {"role": "billing"}, page=PAGE)
    assert roles(app, acme)[jean.name] == "billing"


def test_removal_ends_access_at_once(app, acme, owner):
    jean = person(app, acme, "Jean", Role.VIEWER)
    theirs = signed_in(app, jean)
    assert theirs.get(PAGE).status_code == 200
    address = f"/organization/members/{public_id(app, jean)}/remove"
    assert submit(owner, address, {}).location == PAGE
    assert theirs.get(PAGE).status_code == 404


@pytest.mark.parametrize("end", ["", "/remove"])
def test_the_last_owner_stays(app, acme, owner, marie, end):
    address = f"/organization/members/{public_id(app, marie)}{end}"
    answer = submit(owner, address, {"role": "viewer"}, page=PAGE, follow_redirects=True)
    assert "keeps at least one owner" in answer.get_data(as_text=True)
    assert roles(app, acme)[marie.name] == "owner"


def test_of_two_owners_who_remove_each_other_at_once_one_stays(app, acme, marie):
    jean = person(app, acme, "Jean", Role.OWNER)
    ids = [public_id(app, marie), public_id(app, jean)]
    gate = threading.Barrier(2)

    def leave(user_public_id):
        with app.app_context():
            change = members.Change(acme.id, Actor(), make.NOW)
            gate.wait()
            try:
                with transaction() as session:
                    members.remove(session, change, user_public_id)
            except members.LastOwner:
                pass

    threads = [threading.Thread(target=leave, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(roles(app, acme).values()) == ["owner"]


@pytest.mark.parametrize("role", [Role.BILLING, Role.TECHNICAL, Role.VIEWER])
def test_others_only_look(app, acme, marie, role):
    theirs = signed_in(app, person(app, acme, "Jean", role))
    page = theirs.get(PAGE).get_data(as_text=True)
    assert "Add a member" not in page
    assert add(theirs, "new@people.example").status_code == 403
    address = f"/organization/members/{public_id(app, marie)}"
    assert submit(theirs, address, {"role": "viewer"}, page=PAGE).status_code == 403
    assert submit(theirs, address + "/remove", {}, page=PAGE).status_code == 403
    assert submit(theirs, PAGE, {"name": "Ours now"}).status_code == 403


def test_members_of_others_cannot_be_reached(app, owner):
    with app.app_context():
        stranger = make.owner(make.organization("Other"), "Eve")
    address = f"/organization/members/{public_id(app, stranger)}"
    assert submit(owner, address, {"role": "viewer"}, page=PAGE).status_code == 404
    assert submit(owner, address + "/remove", {}, page=PAGE).status_code == 404
    assert owner.get(address + "/remove").status_code == 404


def test_who_renames_an_organization_stays_in_it(app, marie, owner):
    with app.app_context():
        make.member(marie, make.organization("Beta"))
    submit(owner, PAGE, {"name": "Zeta"})
    html = owner.get(PAGE).get_data(as_text=True)
    assert 'value="Zeta"' in html


def test_the_organization_is_renamed_and_each_change_is_in_the_journal(app, acme, owner):
    submit(owner, PAGE, {"name": "Acme & Sons"})
    add(owner, "new@people.example")
    assert "Acme &amp; Sons" in owner.get("/").get_data(as_text=True)
    with app.app_context():
        events = db.session.scalars(select(JournalRow.event).order_by(JournalRow.id)).all()
    assert events == ["organization.renamed", "member.added", "mail.queued"]


def test_only_ones_own_organizations_can_be_chosen(app, marie, owner):
    with app.app_context():
        second, other = make.organization("Second"), make.organization("Other")
        make.member(marie, second, Role.VIEWER)
    choose = "/choose-organization"
    assert submit(owner, choose, {"organization": other.name}, page="/").status_code == 404
    answer = submit(owner, choose, {"organization": second.name, "next": PAGE}, page="/")
    assert answer.location == PAGE
    assert "Second" in owner.get(PAGE).get_data(as_text=True)
    answer = submit(owner, choose, {"organization": second.name, "next": "//evil"}, page="/")
    assert answer.location == "/domains"
