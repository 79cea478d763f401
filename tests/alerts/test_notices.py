"""Mails of alerts: who, once, together or alone, in which language, and how to be spared them."""

import pytest
from sqlalchemy import select, update

from app.accounts.models import Organization, User
from app.accounts.rules import Role
from app.alerts import preferences
from app.alerts.models import AlertNotice
from app.db import reading, transaction
from app.outbox.models import Mail
from tests import make
from tests.alerts.world import alerts, day, mails, steps, tick_daily, tick_on, told, unique


def world(balance: int = -500, **more: str) -> make.Made:
    """An organization in debt with a domain that expires on day 40 and an expiring card."""
    acme = make.organization(balance=balance)
    make.owner(acme, email="marie@people.example", **more)
    make.domain(acme, "example.fr", expires_on=day(40))
    make.card(acme, exp=(3, 2027))
    return acme


def test_a13_one_mail_a_person_lists_all_worst_first(db_context):
    world()
    tick_on(day(5))
    assert len(mails()) == 2
    assert told("marie@people.example") == [["opening"] * 3]
    (mail,) = mails("marie@people.example")
    places = [mail.body.index(text) for text in ("Negative balance", "example.fr", "4242")]
    assert places == sorted(places)
    assert mail.subject == "Negative balance: €5.00 are missing, and 2 more alerts (Acme)"


def test_two_organizations_are_never_in_one_mail(db_context):
    marie = make.user("Marie", email="marie@people.example")
    for name in ("Acme", "Bolt"):
        make.member(marie, make.organization(name, balance=-500), Role.OWNER)
    tick_on(day(0))
    first, second = mails("marie@people.example")
    assert "Bolt" not in first.body + first.subject + (first.html or "")
    assert "Acme" not in second.body + second.subject + (second.html or "")


def test_a_member_who_is_the_billing_contact_too_gets_one_mail(db_context):
    acme = make.organization(balance=-500)
    make.owner(acme, email="compta@people.example")
    tick_on(day(0))
    assert [mail.recipient for mail in mails()] == ["compta@people.example"]


def test_roles_are_told_what_concerns_them(db_context):
    acme = make.organization(balance=-500)
    people = {role: make.user(role.value, email=f"{role.value}@people.example") for role in Role}
    for role, user in people.items():
        make.member(user, acme, role)
    tick_on(day(0))
    assert {mail.recipient for mail in mails()} == {
        "owner@people.example", "billing@people.example", "compta@people.example",
    }  # fmt: skip


def test_each_mail_says_it_in_its_readers_language_in_text_and_html(db_context):
    acme = world(language="fr")
    make.owner(acme, "John", email="john@people.example", language="en")
    tick_on(day(0))
    (french,), (english,) = mails("marie@people.example"), mails("john@people.example")
    assert french.body.startswith("Bonjour Marie")
    assert english.body.startswith("Hello John")
    for mail in (french, english):
        assert "5" in mail.body
        assert mail.html is not None
        (alert,) = alerts("negative_balance")
        assert f"/alerts/{alert.public_id}/go" in mail.body
        assert f"/alerts/{alert.public_id}/go" in mail.html
    assert 'lang="fr"' in (french.html or "")


def contact(**values: object) -> None:
    with transaction() as session:
        session.execute(update(Organization).values(**values))


@pytest.mark.parametrize(
    ("owners", "country", "greeting"),
    [
        (["fr", "en"], "FR", "Bonjour"),
        ([None, "en", "fr"], "FR", "Hello"),
        ([None], "FR", "Bonjour"),
        ([], "FR", "Bonjour"),
        ([None], "BE", "Hello"),
    ],
)
def test_a_contact_who_is_no_member_is_spoken_to_as_the_first_owner(
    db_context, owners, country, greeting
):
    acme = make.organization(balance=-500)
    make.member(make.user("Ben", language="en"), acme, Role.BILLING)
    for number, language in enumerate(owners):
        make.owner(acme, f"Owner{number}", language=language)
    contact(country=country)
    tick_on(day(0))
    (mail,) = mails("compta@people.example")
    assert mail.body.startswith(greeting)


def test_a_contact_who_is_a_member_has_a_language_of_their_own(db_context):
    acme = make.organization(balance=-500)
    make.owner(acme, language="fr")
    ben = make.user("Ben", email="compta@people.example", language="en")
    make.member(ben, acme, Role.BILLING)
    tick_on(day(0))
    assert mails("compta@people.example")[0].body.startswith("Hello Ben")


# Subjects


def subjects(language: str) -> list[str]:
    return [mail.subject for mail in mails(f"{language}@people.example")]


def indebted(name: str = "Acme") -> None:
    acme = make.organization(name, balance=-1250)
    for language in ("fr", "en"):
        make.owner(acme, language, email=f"{language}@people.example", language=language)


def test_a_subject_says_the_matter_first_and_the_organization_once(db_context):
    indebted("Atelier Duval")
    tick_daily(0, 21)
    amount, missing = "12,50\N{NO-BREAK SPACE}€", "il manque 12,50\N{NO-BREAK SPACE}€"
    assert subjects("fr")[0] == f"Solde négatif\N{NO-BREAK SPACE}: {missing} (Atelier Duval)"
    assert subjects("fr")[1] == (
        f"Rappel\N{NO-BREAK SPACE}: solde négatif\N{NO-BREAK SPACE}: {missing} (Atelier Duval)"
    )
    assert subjects("fr")[-1] == f"Atelier Duval est suspendue\N{NO-BREAK SPACE}: {missing}"
    assert amount in subjects("fr")[-1]
    assert subjects("en")[0] == "Negative balance: €12.50 are missing (Atelier Duval)"
    assert subjects("en")[1] == "Reminder: negative balance: €12.50 are missing (Atelier Duval)"
    assert subjects("en")[-1] == "Atelier Duval is suspended: €12.50 are missing"


def test_only_a_mail_of_nothing_but_reminders_is_called_one(db_context):
    world(language="en")
    tick_daily(5, 14)
    for mail, some in zip(mails("marie@people.example"), told("marie@people.example"), strict=True):
        assert mail.subject.startswith("Reminder: ") == ("opening" not in some)


def test_names_are_inert_in_html(db_context):
    acme = make.organization("<script>alert(1)</script>", balance=-500)
    make.owner(acme, "<b>Marie")
    tick_on(day(0))
    assert all("<script" not in (mail.html or "") and "<b>Marie" not in (mail.html or "")
               for mail in mails())  # fmt: skip


def test_a21_and_a7_notices_of_the_law_and_suspensions_are_alone(db_context):
    acme = make.organization(balance=-500)
    make.owner(acme, email="marie@people.example")
    make.domain(acme, "example.org", expires_on=day(38))
    tick_on(day(0))
    tick_on(day(7))
    assert sorted(told("marie@people.example")) == [["+7"], ["-31"], ["opening", "opening"]]


def test_message_ids_are_unique_and_each_step_is_told_once_to_each(db_context):
    world()
    tick_daily(0, 25)
    assert unique(mail.message_id for mail in mails())
    with reading() as session:
        pairs = session.execute(select(AlertNotice.step_id, AlertNotice.recipient)).all()
    assert len(set(pairs)) == len(pairs) > 20


# Preferences


def test_a22_who_muted_domain_reminders_still_gets_those_of_the_law(db_context):
    acme = make.organization()
    make.owner(acme, email="marie@people.example")
    make.domain(acme, "example.org", expires_on=day(60))
    with transaction() as session:
        preferences.mute(session, "marie@people.example", ["domain_expiry"], now=make.NOW)
    tick_daily(0, 62)
    assert [step for some in told("marie@people.example") for step in some] == [
        "opening", "-31", "-7", "+1",
    ]  # fmt: skip
    assert ["-15"] in told("compta@people.example")


def test_the_last_reminder_before_a_suspension_has_no_switch(db_context):
    acme = make.organization(balance=-500)
    make.owner(acme, email="compta@people.example")
    with transaction() as session:
        preferences.choose(session, "compta@people.example", [], now=make.NOW)
    tick_daily(0, 21)
    assert steps() == {
        "opening": "sent", "+3": "skipped", "+7": "skipped", "+14": "skipped", "+20": "sent",
        "expiry": "sent",
    }  # fmt: skip


def test_only_optional_mails_carry_the_way_out(db_context):
    world()
    tick_daily(5, 13)
    for mail, some in zip(mails("marie@people.example"), told("marie@people.example"), strict=True):
        assert (mail.unsubscribe_url is not None) == ("opening" not in some)


def test_optional_mails_and_no_others_say_in_their_text_how_to_stop_them(db_context):
    world(language="en")
    tick_daily(5, 13)
    for mail in mails():
        for text in (mail.body, mail.html or ""):
            assert ("/notifications/unsubscribe/" in text) == bool(mail.unsubscribe_url)
            assert (mail.unsubscribe_url or "") in text
    assert "Stop these reminders: http" in mails("compta@people.example")[-1].body


def test_choosing_is_kept_and_told(db_context):
    with transaction() as session:
        preferences.choose(session, "Marie@people.example", ["move"], now=make.NOW)
    wanted = preferences.wanted(db_context(), "marie@people.example")
    assert [name for name, on in wanted.items() if on] == ["move"]
    with transaction() as session:
        preferences.choose(session, "marie@people.example", list(wanted), now=make.NOW)
    assert all(preferences.wanted(db_context(), "marie@people.example").values())


# Unsubscribing with one click


def link(app) -> str:
    with app.app_context():
        world()
        tick_daily(5, 8)
        url = [mail.unsubscribe_url for mail in mails("marie@people.example")][-1]
    assert url is not None
    return url[url.index("/notifications") :]


def muted(app) -> list[str]:
    with app.app_context():
        from app.db import db

        wanted = preferences.wanted(db.session(), "marie@people.example")
        return [name for name, on in wanted.items() if not on]


def test_looking_at_the_link_changes_nothing_and_shows_a_button(app, client):
    path = link(app)
    page = client.get(path)
    assert page.status_code == 200
    assert "Stop these reminders" in page.text
    assert muted(app) == []


def test_one_click_works_without_signing_in_and_twice(app, client):
    path = link(app)
    for _click in range(2):
        answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert muted(app) == ["negative_balance"]


def test_a_link_that_is_not_ours_opens_nothing(app, client):
    path = link(app)
    assert client.post(path[:-2] + "xx").status_code == 404
    assert client.get("/notifications/unsubscribe/nonsense").status_code == 404
    assert muted(app) == []


# The link that resolves


def test_the_link_of_a_mail_shows_the_right_organization_after_signing_in(app, clock):
    from tests.pages import signed_in

    with app.app_context():
        marie = make.user("Marie", language="en")
        make.member(marie, make.organization("Acme"), Role.OWNER)
        make.member(marie, make.organization("Zinc", balance=-500), Role.OWNER)
        tick_on(day(0))
        (alert,) = alerts()
    path = f"/alerts/{alert.public_id}/go"
    stranger = app.test_client().get(path)
    assert "/login?next=" in stranger.location
    client = signed_in(app, marie)
    answer = client.get(path)
    assert answer.location == "/billing/top-up?amount=5.00"
    assert "Zinc" in client.get("/billing").text


def test_somebody_elses_alert_is_not_found(app, clock):
    from tests.pages import signed_in

    with app.app_context():
        make.owner(make.organization("Acme", balance=-500))
        tick_on(day(0))
        (alert,) = alerts()
        eve = make.owner(make.organization("Other"), "Eve")
    assert signed_in(app, eve).get(f"/alerts/{alert.public_id}/go").status_code == 404


def test_a_person_without_a_language_reads_the_hosts(db_context):
    world()
    with transaction() as session:
        session.execute(update(User).values(language=None))
    tick_on(day(0))
    assert db_context.scalars(select(Mail.body)).first().startswith("Hello")
