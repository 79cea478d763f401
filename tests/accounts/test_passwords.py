"""Forgotten and new passwords, from the mail to the page behind its link."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import passwords
from app.accounts.models import PasswordToken, SignIn
from app.db import db
from app.outbox.models import Mail
from tests import make
from tests.pages import sign_in, signed_in, submit

NEW = "a quite new password"


@pytest.fixture
def marie(app, clock):
    with app.app_context():
        return make.owner(make.organization(), "Marie")


def ask(client, email):
    return submit(client, "/password/forgotten", {"email": email})


def mails(app):
    with app.app_context():
        return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def link_in(mail):
    return next(word for word in mail.body.split() if "/password/" in word)


def path_of(app, client, user):
    ask(client, user.name)
    address = link_in(mails(app)[-1])
    base = app.extensions["vigie"].settings.public_url
    assert address.startswith(base)
    return address.removeprefix(base)


def test_a_password_is_kept_as_argon2id_with_19_mib():
    assert passwords.hash_password(NEW).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_weaker_hash_is_replaced_when_somebody_signs_in(app, client, marie):
    sign_in(client, marie)
    with app.app_context():
        from app.accounts.models import User

        kept = db.session.get_one(User, marie.id).password_hash
    assert not passwords.is_weaker(kept)
    assert passwords.verify(kept, make.PASSWORD)


def test_the_answer_does_not_tell_whether_somebody_has_the_address(app, client, marie):
    known, unknown = ask(client, marie.name), ask(client, "nobody@people.example")
    assert known.status_code == unknown.status_code == 200
    strip = known.get_data(as_text=True).replace(marie.name, "nobody@people.example")
    assert _without_tokens(strip) == _without_tokens(unknown.get_data(as_text=True))
    assert [mail.recipient for mail in mails(app)] == [marie.name]


def _without_tokens(html):
    return [line for line in html.splitlines() if "csrf" not in line and "X-CSRF" not in line]


def test_the_mail_speaks_the_persons_language_and_names_our_address(app, client, clock):
    with app.app_context():
        user = make.user("Jean", language="fr")
    submit(
        client, "/password/forgotten", {"email": user.name.upper()},
        headers={"Accept-Language": "en"},
    )  # fmt: skip
    [mail] = mails(app)
    assert link_in(mail).startswith(app.extensions["vigie"].settings.public_url + "/password/")


def test_the_link_leads_to_a_new_password_and_signs_in(app, client, marie):
    elsewhere = signed_in(app, marie)
    path = path_of(app, client, marie)
    assert submit(client, path, {"password": NEW}).location == "/"
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303, "all other sign-ins end"
    other = app.test_client()
    assert sign_in(other, marie).status_code == 422
    assert sign_in(other, marie, NEW).status_code == 303
    assert [mail.kind for mail in mails(app)] == ["password_link", "password_changed"]


def test_looking_at_the_link_does_not_use_it_up(app, client, marie):
    path = path_of(app, client, marie)
    assert client.get(path).status_code == client.get(path).status_code == 200


def test_a_link_works_once(app, client, marie):
    path = path_of(app, client, marie)
    submit(client, path, {"password": NEW})
    answer = app.test_client().get(path)
    assert answer.status_code == 404
    assert "This link no longer works" in answer.get_data(as_text=True)


def test_a_link_works_for_two_hours(app, client, marie, clock):
    path = path_of(app, client, marie)
    clock.advance(timedelta(hours=2))
    assert client.get(path).status_code == 404


def test_a_newer_link_ends_the_older_one(app, client, marie):
    old = path_of(app, client, marie)
    new = path_of(app, client, marie)
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_an_invented_link_opens_nothing(client, clock):
    assert client.get("/password/invented").status_code == 404


def test_only_a_digest_of_the_link_is_kept(app, client, marie):
    secret = path_of(app, client, marie).rpartition("/")[2]
    with app.app_context():
        assert secret not in db.session.scalars(select(PasswordToken.token_hash)).one()


@pytest.mark.parametrize("password", ["short", "1234567890", "x" * 201, ""])
def test_a_bad_password_is_refused_and_the_link_stays_good(app, client, marie, password):
    path = path_of(app, client, marie)
    assert submit(client, path, {"password": password}).status_code == 422
    assert submit(client, path, {"password": NEW}).status_code == 303


def test_five_mails_an_hour_are_enough(app, client, marie, clock):
    for _ in range(5):
        assert ask(client, marie.name).status_code == 200
    assert ask(client, marie.name).status_code == 429
    assert ask(app.test_client(), "jean@people.example").status_code == 200
    assert len(mails(app)) == 5
    clock.advance(timedelta(hours=1))
    assert ask(client, marie.name).status_code == 200


def test_changing_the_password_ends_all_other_sessions(app, marie):
    here, elsewhere = signed_in(app, marie), signed_in(app, marie)
    answer = submit(
        here, "/profile/password", {"current": make.PASSWORD, "password": NEW}, page="/profile"
    )
    assert answer.location == "/profile"
    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").status_code == 303


def test_changing_the_password_takes_the_present_one(app, marie):
    here = signed_in(app, marie)
    answer = submit(
        here, "/profile/password", {"current": "wrong", "password": NEW}, page="/profile"
    )
    assert answer.status_code == 422
    assert "This is not your current password." in answer.get_data(as_text=True)
    assert sign_in(app.test_client(), marie).status_code == 303


def test_the_present_password_cannot_be_tried_for_ever(app, marie):
    here = signed_in(app, marie)
    fields = {"current": "wrong", "password": NEW}
    statuses = [
        submit(here, "/profile/password", fields, page="/profile").status_code for _ in range(11)
    ]
    assert statuses == [422] * 10 + [429]


def test_sign_out_everywhere_else(app, marie):
    here, elsewhere = signed_in(app, marie), signed_in(app, marie)
    assert "Sign out everywhere else" in here.get("/profile").get_data(as_text=True)
    submit(here, "/profile/sign-out-elsewhere", {}, page="/profile")
    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").status_code == 303
    with app.app_context():
        assert len(db.session.scalars(select(SignIn)).all()) == 1


def test_name_and_language_are_saved(app, marie):
    here = signed_in(app, marie)
    submit(here, "/profile", {"name": " Marie\r\nCurie ", "language": "fr"})
    page = here.get("/profile").get_data(as_text=True)
    assert 'value="Marie Curie"' in page
    assert '<html lang="fr">' in page
