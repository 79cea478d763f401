"""Errors are pages in the person's words, whatever failed."""

import pytest
from sqlalchemy.exc import OperationalError

from app.accounts import sign_in
from tests import make
from tests.pages import csrf_token, signed_in


def broken(*_arguments):
    raise OperationalError("SELECT", {}, Exception("database is locked"))


@pytest.fixture
def owner(app):
    with app.app_context():
        return signed_in(app, make.owner(make.organization()))


def test_an_unknown_address_is_a_page_of_the_portal(owner):
    answer = owner.get("/nothing/here")
    assert answer.status_code == 404
    assert "<h1>There is nothing here</h1>" in answer.get_data(as_text=True)


def test_an_error_speaks_the_language_of_the_browser(client):
    answer = client.get("/nothing", headers={"Accept-Language": "fr"})
    assert '<html lang="fr">' in answer.get_data(as_text=True)


def test_a_wrong_method_names_the_right_ones(client):
    answer = client.delete("/login")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_database_that_does_not_answer_is_a_page_too(owner, monkeypatch, caplog):
    monkeypatch.setattr(sign_in, "load_person", broken)
    answer = owner.get("/")
    assert answer.status_code == 503
    assert "<h1>The portal is busy</h1>" in answer.get_data(as_text=True)
    assert "the database did not answer" in caplog.text


def test_whatever_else_fails_is_a_page_without_details(app, owner, monkeypatch, caplog):
    def fails():
        raise RuntimeError("a secret")

    monkeypatch.setitem(app.view_functions, "home.overview", fails)
    answer = owner.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.get_data(as_text=True)
    assert "a secret" in caplog.text


def test_when_the_error_page_fails_as_well_a_sentence_remains(app, owner, monkeypatch, caplog):
    monkeypatch.setattr(sign_in, "load_person", broken)
    monkeypatch.setattr("app.web.errors.error_page", broken)
    answer = owner.get("/")
    assert answer.status_code == 503
    assert answer.mimetype == "text/plain"


def test_a_form_that_outlived_its_session_leads_to_signing_in(client):
    answer = client.post("/logout")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert "Your session has ended" in client.get("/login").get_data(as_text=True)


def test_htmx_is_sent_to_the_sign_in_page_whole(client):
    answer = client.get("/", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/"


def test_too_large_a_form_is_refused_in_words(owner):
    token = csrf_token(owner.get("/").get_data(as_text=True))
    answer = owner.post("/logout", data={"csrf_token": token, "x": "x" * (2 * 1024 * 1024 + 1)})
    assert answer.status_code == 413
