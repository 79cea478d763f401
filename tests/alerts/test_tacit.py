"""The notice of a tacit renewal: alone, in time, with its price and proof, or missing (R17)."""

from datetime import date

import pytest
from sqlalchemy import select

from app.db import reading, transaction
from app.operator_tasks.models import OperatorTask
from app.outbox.models import Mail
from app.outbox.rules import MailState
from app.renewals.catalogue import Sold, set_price
from app.renewals.models import Renewal
from app.subscriptions.models import Subscription
from app.subscriptions.notice_models import TacitNotice, TacitNoticeMail
from app.subscriptions.rules import Kind
from tests import make
from tests.alerts.world import TODAY, day, mails, tick_on

JOBS = ("tacit_notices", "alerts", "mails")


@pytest.fixture
def wanted(app, monkeypatch):
    """The host has switched the notice on."""
    state = app.extensions["vigie"]
    monkeypatch.setattr(
        state, "settings", state.settings.model_copy(update={"tacit_renewal_notice": True})
    )


@pytest.fixture
def acme(db_context):
    make.usual_prices()
    acme = make.organization(balance=10_000)
    make.owner(acme, email="marie@people.example")
    return acme


def notices() -> list[TacitNotice]:
    with reading() as session:
        found = list(session.scalars(select(TacitNotice).order_by(TacitNotice.id)))
        session.expunge_all()
    return found


def sent() -> list[Mail]:
    with reading() as session:
        found = list(session.scalars(select(Mail).where(Mail.kind == "tacit_notice")))
        session.expunge_all()
    return found


def test_it_is_sent_45_days_before_the_last_day_to_refuse(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(-1), jobs=JOBS)
    assert notices() == []
    tick_on(day(0), jobs=JOBS)
    (notice,) = notices()
    assert (notice.refuse_by, notice.price, notice.notice_missing) == (day(45), 1500, False)
    assert {mail.recipient for mail in sent()} == {"marie@people.example", "compta@people.example"}
    tick_on(day(1), jobs=JOBS)
    assert len(sent()) == 2


def test_it_says_the_price_and_the_last_day_in_a_box(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(0), jobs=JOBS)
    body = sent()[0].body
    assert "€15.00" in body
    assert "| You may refuse this renewal, free of charge, until Apr 15, 2027. |" in body
    assert "/domains/example.org/auto-renewal" in body
    assert sent()[0].unsubscribe_url is None


def test_a21_on_the_day_of_a_digest_it_has_a_mail_of_its_own(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    make.domain(acme, "example.fr", expires_on=day(40))
    tick_on(day(0), jobs=JOBS)
    assert len([mail for mail in sent() if mail.recipient == "marie@people.example"]) == 1
    (digest,) = mails("marie@people.example")
    assert "example.org" not in digest.body


def test_what_could_not_be_sent_in_time_is_missing_for_ever(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(62))
    tick_on(day(20), day(21), jobs=JOBS)
    (notice,) = notices()
    assert notice.notice_missing
    assert sent() == []
    with reading() as session:
        assert session.scalars(select(OperatorTask.kind)).all() == ["tacit_notice_missing"]


@pytest.mark.parametrize("state", ["failed", "bounced"])
def test_what_arrived_nowhere_is_missing_once_its_time_is_over(wanted, acme, state):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(0), jobs=JOBS)
    change_mails(state)
    # The last day for it is a month before the last day to refuse, which is day 45.
    tick_on(day(14), jobs=(*JOBS, "tacit_proofs"))
    assert not notices()[0].notice_missing
    tick_on(day(15), jobs=(*JOBS, "tacit_proofs"))
    assert notices()[0].notice_missing
    with reading() as session:
        kinds = session.scalars(select(OperatorTask.kind)).all()
    assert kinds.count("tacit_notice_missing") == 1


def test_one_address_that_was_reached_is_enough(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(0), jobs=JOBS)
    change_mails("bounced", but="compta@people.example")
    tick_on(day(15), day(16), jobs=(*JOBS, "tacit_proofs"))
    assert not notices()[0].notice_missing


def change_mails(state: str, *, but: str = "") -> None:
    with transaction() as session:
        for mail in session.scalars(select(Mail).where(Mail.recipient != but)):
            mail.state = MailState(state)


def test_who_switched_it_on_after_the_last_day_asked_for_it(wanted, acme):
    # Builders switch on on the first day of the tests; refusing ends on day 20.
    make.domain(acme, "example.org", on=True, expires_on=day(50))
    tick_on(day(0), jobs=JOBS)
    (notice,) = notices()
    assert (notice.notice_missing, notice.price) == (False, None)
    assert sent() == []


def test_monthly_plans_and_what_is_off_need_none(wanted, acme):
    domain = make.domain(acme, "example.org", expires_on=day(75))
    make.mailbox(domain, acme, on=True, expires_on=day(50))
    tick_on(day(0), jobs=JOBS)
    assert notices() == []


def test_without_the_setting_nothing_is_sent(acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(0), jobs=JOBS)
    assert notices() == []


def test_the_proof_names_each_address_and_when_it_was_accepted(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(0), jobs=JOBS)
    with reading() as session:
        rows = session.execute(
            select(TacitNoticeMail.recipient, Mail.sent_at).join(
                Mail, Mail.id == TacitNoticeMail.mail_id
            )
        ).all()
    assert len(rows) == 2
    assert all(row.sent_at.date() == TODAY == date(2027, 3, 1) for row in rows)


# ---- Its price is the one that is charged (R16)


def raise_to(price: int) -> None:
    with transaction() as session:
        set_price(session, Sold(Kind.DOMAIN, "org", 12), price)


def charged(on: date) -> list[int]:
    tick_on(on, jobs=("prices", "price_rises", "renewals"))
    with reading() as session:
        return list(session.scalars(select(Renewal.price)))


def announced() -> int | None:
    with reading() as session:
        return session.scalars(select(Subscription.announced_price)).one()


def rises() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Mail.recipient).where(Mail.kind == "price_rise")))


def test_a_rise_after_it_waits_for_the_renewal_that_it_announced(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(0), jobs=("prices", *JOBS))
    raise_to(2000)
    # Without the notice there would still be time to tell of it.
    tick_on(day(1), day(20), jobs=("prices", "price_rises"))
    assert (announced(), rises()) == (1500, [])
    assert charged(day(45)) == [1500]
    tick_on(day(46), jobs=("price_rises",))
    assert (announced(), rises()) == (2000, ["marie@people.example"])


def test_a_rise_that_was_not_told_yet_is_not_in_it(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(-1), jobs=("prices",))
    raise_to(2000)
    tick_on(day(0), jobs=JOBS)
    assert notices()[0].price == 1500
    assert "€15.00" in sent()[0].body
    assert charged(day(45)) == [1500]


def test_a_rise_that_was_told_before_is_in_it(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(-1), jobs=("prices",))
    raise_to(2000)
    tick_on(day(0), jobs=("price_rises", *JOBS))
    assert notices()[0].price == 2000
    assert charged(day(45)) == [2000]


def test_a_lower_price_is_stated_and_kept_whatever_comes_later(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(-1), jobs=("prices",))
    raise_to(900)
    tick_on(day(0), jobs=JOBS)
    assert (notices()[0].price, announced()) == (900, 900)
    raise_to(1500)
    assert charged(day(45)) == [900]


def test_a_fall_after_it_is_charged_as_it_is(wanted, acme):
    make.domain(acme, "example.org", on=True, expires_on=day(75))
    tick_on(day(0), jobs=("prices", *JOBS))
    raise_to(1200)
    assert charged(day(45)) == [1200]
