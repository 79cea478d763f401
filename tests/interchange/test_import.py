"""What a good file becomes, and that a second import changes nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.installation import terms
from app.accounts.models import Member, Organization, User
from app.accounts.passwords import verify
from app.accounts.rules import Role
from app.alerts.models import Alert
from app.billing.checks import differences
from app.billing.models import BillingContact, Card, LedgerTx, Wallet
from app.billing.rules import EntryKind
from app.db import transaction
from app.domains.models import Domain, SandboxName
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.mailboxes.models import Forwarding, Mailbox
from app.moves.models import Move
from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import Kind, Status
from tests import make
from tests.interchange.files import MISSING, bent, everything, example, exported, imported, run

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def load(app, db_context, tmp_path):
    """Import a document that must be good; the session sees what it made."""

    def import_one(document):
        result = imported(app, tmp_path, document)
        db_context.rollback()
        return result

    return import_one


def subscription(session, subject):
    return session.scalars(select(Subscription).where(Subscription.subject == subject)).one()


def test_the_example_of_the_specification_is_imported(load, db_context):
    result = load(example())
    assert "organizations 1" in result.stdout
    user = db_context.scalars(select(User)).one()
    assert (user.public_id, user.email, user.language) == ("marie", "marie@example.net", "fr")
    assert user.last_login_at == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert verify(user.password_hash, "only here in clear, hashed at import")
    assert db_context.scalars(select(Member.role)).one() is Role.OWNER
    assert db_context.scalars(select(Move.due_on)).one() == date(2027, 4, 1)


def test_a_balance_is_posted_through_the_ledger(load, db_context):
    load(bent(("organizations[0].balance", -1250)))
    movement = db_context.scalars(select(LedgerTx)).one()
    assert (movement.kind, movement.idem_key) == (EntryKind.OPENING_BALANCE, "opening:acme")
    wallet = db_context.scalars(select(Wallet)).one()
    assert (wallet.posted, wallet.overdraft, wallet.held) == (-1250, 1250, 0)
    assert differences(db_context) == []


def test_a_domain_gets_its_subscription_and_is_known_to_the_sandbox_registry(load, db_context):
    load(example())
    domain = db_context.scalars(select(Domain)).one()
    assert domain.registry_expires_at == datetime(2027, 3, 31, 12, tzinfo=UTC)
    assert db_context.get(SandboxName, "example.org").expires_at == domain.registry_expires_at
    held = subscription(db_context, "example.org")
    assert (held.kind, held.anchor, held.months) == (Kind.DOMAIN, None, None)
    assert (held.auto_renewal, held.renewal_months) == (True, 12)
    assert held.billing_contact_id is not None
    assert held.card_id is not None
    assert held.next_slot_on == date(2027, 3, 1)


def test_a_mailbox_is_counted_from_its_anchor(load, db_context):
    load(example())
    held = subscription(db_context, "info@example.org")
    assert (held.anchor, held.months, held.expires_on) == (
        date(2027, 1, 31), 1, date(2027, 2, 28),
    )  # fmt: skip
    assert held.status is Status.GRACE
    assert held.next_slot_on is None
    mailbox = db_context.scalars(select(Mailbox)).one()
    assert (mailbox.subscription_id, mailbox.quota_mib, mailbox.used_bytes) == (held.id, 3072, 0)
    assert mailbox.password_hash is None


def test_a_mailbox_that_renews_is_looked_at_today(load, db_context):
    load(
        bent(
            ("mailboxes[0].anchor", "2027-02-05"),
            ("mailboxes[0].expires_on", "2027-03-05"),
            ("mailboxes[0].auto_renewal.on", True),
            ("mailboxes[0].auto_renewal.period", "yearly"),
        )
    )
    held = subscription(db_context, "info@example.org")
    assert (held.auto_renewal, held.next_slot_on) == (True, date(2027, 3, 1))
    assert (held.period_months, held.renewal_months) == (1, 12)
    assert held.auto_renewal_since is not None


def test_after_expiry_nothing_is_tried_by_itself(load, db_context):
    load(bent(("mailboxes[0].auto_renewal.on", True)))
    held = subscription(db_context, "info@example.org")
    assert (held.auto_renewal, held.next_slot_on) == (True, None)


def test_what_is_obvious_may_be_left_out(load, db_context):
    document = bent(
        ("settings", MISSING),
        ("users[0].language", MISSING),
        ("users[0].password", MISSING),
        ("users[0].last_login_at", MISSING),
        ("organizations[0].plan", MISSING),
        ("organizations[0].balance", MISSING),
        ("organizations[0].billing_contacts[0].vat_id", MISSING),
        ("organizations[0].billing_contacts[0].default", MISSING),
        ("domains[0].account", MISSING),
        ("domains[0].auto_renewal", None),
        ("mailboxes[0].password", MISSING),
        ("mailboxes[0].auto_renewal", MISSING),
        ("moves", MISSING),
    )
    load(document)
    assert db_context.scalars(select(BillingContact.is_default)).one() is True
    held = subscription(db_context, "info@example.org")
    assert (held.auto_renewal, held.renewal_months, held.billed_organization_id) == (
        False, 1, None,
    )  # fmt: skip


def test_an_empty_document_is_a_good_one(load):
    assert "nothing was changed" in load({"vigie": 1}).stdout


def test_names_are_stored_as_they_are_looked_up(load, db_context):
    load(
        bent(
            ("users[0].email", "Marie@Example.NET"),
            ("domains[0].name", "Bücher.org"),
            ("mailboxes[0].address", "Info@BÜCHER.org"),
            ("forwardings[0].address", "contact@xn--bcher-kva.org"),
        )
    )
    assert db_context.scalars(select(User.email)).one() == "marie@example.net"
    assert db_context.scalars(select(Domain.name)).one() == "xn--bcher-kva.org"
    assert db_context.scalars(select(Mailbox.address)).one() == "info@xn--bcher-kva.org"


@pytest.mark.parametrize("host", ["host.test", "host.example", "localhost", "a.localhost"])
def test_addresses_of_test_names_are_welcome(load, host):
    load(bent(("users[0].email", f"marie@{host}")))


def test_a_name_registered_elsewhere_has_mailboxes_but_no_subscription(load, db_context, app):
    external = {"name": "else.com", "organization": "acme", "registrar": "external"}
    load(
        bent(
            ("domains[1]", external),
            ("mailboxes[0].address", "info@else.com"),
        )
    )
    kinds = db_context.scalars(select(Subscription.subject).order_by(Subscription.subject)).all()
    assert kinds == ["example.org", "info@else.com"]
    written = exported(app)["domains"][0]
    assert (written["name"], written["expires_on"], written["auto_renewal"]) == (
        "else.com", None, None,
    )  # fmt: skip


def test_settings_are_set_while_there_is_no_organization(load, db_context):
    load({"vigie": 1, "settings": {"currency": "JPY", "business_timezone": "Asia/Tokyo"}})
    load(bent(("settings", MISSING), ("organizations[0].balance", 500)))
    assert (terms(db_context).currency, terms(db_context).tz.key) == ("JPY", "Asia/Tokyo")
    assert db_context.scalars(select(Wallet.currency)).one() == "JPY"


def test_a_second_import_of_the_same_file_changes_nothing(load, db_context, app, tmp_path):
    load(example())
    before = everything(db_context)
    result = load(example())
    assert everything(db_context) == before
    assert "already there; nothing was changed" in result.stdout
    assert "left as it is" not in result.stdout


def test_an_import_is_told_in_the_journal_once(load, db_context):
    load(example())
    load(example())
    row = db_context.scalars(select(JournalRow)).one()
    assert (row.event, row.detail["mailboxes"]) == ("installation.imported", 1)


def test_an_old_file_undoes_no_choice_made_since(load, db_context, app):
    load(example())
    with transaction() as session:
        session.scalars(select(User)).one().name = "Marie L."
        held = subscription(session, "example.org")
        held.auto_renewal, held.next_slot_on = False, None
    result = load(example())
    db_context.expire_all()
    assert subscription(db_context, "example.org").auto_renewal is False
    assert 'users[0].name: is "Marie L." in the portal' in result.stdout
    assert "domains[0].auto_renewal: differs in the portal" in result.stdout


def test_an_old_file_takes_no_paid_period_back(load, db_context):
    load(example())
    with transaction() as session:
        held = subscription(session, "info@example.org")
        held.months, held.expires_on = 2, date(2027, 3, 31)
    load(example())
    db_context.expire_all()
    assert subscription(db_context, "info@example.org").expires_on == date(2027, 3, 31)


def test_a_known_users_password_stays(load, db_context):
    load(example())
    load(bent(("users[0].password", "another one")))
    assert verify(
        db_context.scalars(select(User.password_hash)).one(), "only here in clear, hashed at import"
    )


def test_known_organizations_are_added_to(load, db_context):
    load(example())
    sub_contact = {
        **example()["organizations"][0]["billing_contacts"][0], "id": "acme-shop", "default": False,
    }  # fmt: skip
    john = {"id": "john", "email": "john@example.net", "name": "John"}
    load(
        bent(
            ("users[1]", john),
            ("organizations[0].members[1]", {"user": "john", "role": "billing"}),
            ("organizations[0].billing_contacts[1]", sub_contact),
            ("mailboxes[1]", {**example()["mailboxes"][0], "address": "new@example.org"}),
        )
    )
    count = select(func.count())
    assert db_context.scalar(count.select_from(Member)) == 2
    assert db_context.scalar(count.select_from(Mailbox)) == 2
    assert db_context.scalar(count.select_from(Organization)) == 1
    defaults = select(BillingContact.public_id).where(BillingContact.is_default)
    assert db_context.scalars(defaults).all() == ["acme-main"]


def test_a_file_may_name_what_only_the_portal_has(load, db_context):
    load(example())
    load(
        {
            "vigie": 1,
            "forwardings": [{"address": "sales@example.org", "to": ["info@example.org"]}],
            "accounts": [{"id": "acme-shop", "organization": "acme"}],
        }
    )
    assert db_context.scalar(select(func.count()).select_from(Forwarding)) == 2


def test_prices_follow_the_file(load, db_context):
    load(example())
    load({"vigie": 1, "prices": [{"kind": "mailbox", "period": "monthly", "price": 120}]})
    prices = select(Price.months, Price.price).where(Price.kind == Kind.MAILBOX)
    assert set(db_context.execute(prices)) == {(1, 120), (12, 1000)}


def test_what_was_switched_on_before_a_price_rises_keeps_the_price_that_was_shown(load, db_context):
    load(example())
    prices = [{"kind": "domain", "extension": "org", "years": 1, "price": 1900}]
    load({"vigie": 1, "prices": prices})
    assert subscription(db_context, "example.org").announced_price == 1500


def test_the_balance_of_today_is_as_good_as_the_opening_one(load, app, tmp_path, db_context):
    load(example())
    acme = db_context.scalars(select(Organization.id)).one()
    db_context.rollback()
    make.money(make.Made(acme, "acme"), -2000)
    load(exported(app))
    load(example())
    result = run(app, tmp_path, bent(("organizations[0].balance", 11999)))
    assert result.exit_code == 1
    assert "organizations[0].balance: the organization is already in the portal" in result.stderr


def test_a_file_with_a_byte_order_mark_is_read(load):
    load("﻿" + '{"vigie": 1}')


def test_standard_input_is_a_file_too(app):
    result = app.test_cli_runner().invoke(args=["import", "-"], input='{"vigie": 1}')
    assert result.exit_code == 0, result.output


def test_cards_keep_the_order_of_the_file_and_name_who_can_charge_them(load, db_context, app):
    document = example()
    cards = document["organizations"][0]["cards"]
    cards += [
        {**cards[0], "id": "a-second", "token": "sandbox:sca"},
        {**cards[0], "id": "a-third", "token": "cus_1/pm_1"},
    ]
    load(document)
    rows = db_context.execute(select(Card.public_id, Card.rank, Card.gateway).order_by(Card.rank))
    assert [tuple(row) for row in rows] == [
        ("acme-visa", 0, "sandbox"), ("a-second", 1, "sandbox"), ("a-third", 2, "elsewhere"),
    ]  # fmt: skip


def test_a_free_plan_unused_before_the_import_is_found_so(load, db_context):
    document = example()
    for kind in ("domains", "mailboxes", "forwardings", "moves"):
        document[kind] = []
    document["organizations"][0] |= {"plan": "free", "balance": 0, "cards": []}
    load(document)
    seen = datetime.fromisoformat(document["users"][0]["last_login_at"])
    for days, found in ((119, []), (120, ["inactivity"])):
        tick(seen + timedelta(days=days), "alerts")
        assert list(db_context.scalars(select(Alert.type))) == found
        db_context.rollback()
