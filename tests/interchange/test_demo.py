"""The demo: alive on any day, in sandboxes only, loaded once."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.models import User
from app.accounts.passwords import verify
from app.domains.models import Domain
from app.interchange import demo
from app.interchange.shape import Document
from app.mailboxes.models import Mailbox
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Status
from tests import make
from tests.interchange.files import everything, exported

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def run(app):
    return lambda: app.test_cli_runner().invoke(args=["demo"])


def test_an_empty_sandbox_gets_the_demo_and_its_sign_ins(run, db_context, monkeypatch):
    monkeypatch.setenv("PORT", "8123")
    result = run()
    assert result.exit_code == 0, result.output
    assert "http://127.0.0.1:8123" in result.stdout
    for email in demo.SIGN_INS:
        assert email in result.stdout
        kept = db_context.scalars(select(User.password_hash).where(User.email == email)).one()
        assert verify(kept, demo.PASSWORD)
    sizes = dict(
        db_context.execute(
            select(Domain.name, func.count(Mailbox.id)).outerjoin(Mailbox).group_by(Domain.name)
        ).all()
    )  # fmt: skip
    assert len(sizes) >= 8
    assert max(sizes.values()) >= 100
    statuses = set(db_context.scalars(select(Subscription.status)))
    assert {Status.ACTIVE, Status.GRACE, Status.EXPIRED} <= statuses


def test_a_second_time_changes_nothing_but_tells_the_sign_ins_again(run, db_context):
    run()
    before = everything(db_context)
    db_context.rollback()
    result = run()
    assert demo.PASSWORD in result.stdout
    assert everything(db_context) == before


def test_other_customers_are_left_alone(run, app, db_context):
    make.organization("Real")
    result = run()
    assert result.exit_code == 0
    assert demo.PASSWORD not in result.stdout
    assert len(exported(app)["organizations"]) == 1


def test_a_real_installation_refuses_the_demo(run, app, db_context, monkeypatch):
    state = app.extensions["vigie"]
    monkeypatch.setattr(state, "settings", state.settings.model_copy(update={"sandbox": False}))
    result = run()
    assert result.exit_code == 1
    assert "VIGIE_SANDBOX=1" in result.stderr
    assert db_context.scalar(select(func.count()).select_from(User)) == 0


def test_the_demo_is_a_good_document_on_any_day():
    for offset in range(4 * 366):
        document = Document.model_validate(demo.document(date(2027, 1, 1) + timedelta(offset)))
        assert document.mailboxes
