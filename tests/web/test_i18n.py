"""Which language is spoken, and how values are written."""

from datetime import UTC, date, datetime

from flask import current_app

from app.web import i18n
from tests import make
from tests.pages import signed_in, submit

# What Babel puts between digits and before signs in French.
NARROW, WIDE = "\u202f", "\xa0"


def test_values_are_written_in_the_readers_language(db_context):
    with i18n.speaking("fr"):
        assert i18n.money(123456) == f"1{NARROW}234,56{WIDE}€"
        assert i18n.day(date(2027, 3, 1)) == "1er mars 2027"
        assert i18n.day(date(2027, 3, 11)) == "11 mars 2027"
    with i18n.speaking("en"):
        assert i18n.money(-123456) == "-€1,234.56"
        assert i18n.day(date(2027, 3, 1)) == "Mar 1, 2027"


def test_instants_are_written_in_the_business_zone(db_context):
    with i18n.speaking("en"):
        assert "12:30" in i18n.instant(datetime(2027, 3, 1, 23, 30, tzinfo=UTC)).replace(" ", "")
        assert "Mar 2, 2027" in i18n.instant(datetime(2027, 3, 1, 23, 30, tzinfo=UTC))


def test_the_browser_decides_until_somebody_chooses(client):
    assert 'lang="fr"' in page(client, "/login", "fr-CH, fr;q=0.9, en;q=0.8")
    assert '<html lang="en">' in page(client, "/login", "de")


def test_a_choice_lasts_without_signing_in(client):
    answer = submit(client, "/choose-language", {"language": "fr", "next": "/login"}, page="/login")
    assert answer.location == "/login"
    assert '<html lang="fr">' in page(client, "/login", "en")


def test_a_choice_of_a_person_is_theirs_everywhere(app):
    with app.app_context():
        user = make.owner(make.organization(), language="en")
    submit(signed_in(app, user), "/choose-language", {"language": "fr"}, page="/")
    assert '<html lang="fr">' in page(signed_in(app, user), "/", "en")


def test_an_unknown_language_is_refused(client):
    answer = submit(client, "/choose-language", {"language": "xx"}, page="/login")
    assert answer.status_code == 400


def page(client, address, languages):
    return client.get(address, headers={"Accept-Language": languages}).get_data(as_text=True)


def test_texts_of_templates_escape_what_fills_them_in(db_context):
    written = "{{ _('Select %(name)s', name=name) }}, {{ _('Mailboxes') }}"
    template = current_app.jinja_env.overlay(autoescape=True).from_string(written)
    plain = current_app.jinja_env.overlay(autoescape=False).from_string(written)
    with i18n.speaking("fr"):
        assert template.render(name="<b>") == "Sélectionner &lt;b&gt;, Boîtes mail"
    with i18n.speaking("en"):
        assert template.render(name="<b>") == "Select &lt;b&gt;, Mailboxes"
        assert plain.render(name="<b>") == "Select <b>, Mailboxes"
