"""The statement: every kind in words and with its link, filtered, with its true balance, as CSV."""

from datetime import UTC, date, datetime

import pytest

from app.accounts.installation import Context, terms
from app.billing import corrections, refund_flows
from app.billing import service as billing
from app.billing.corrections import Booking
from app.billing.models import LedgerTx
from app.billing.ports import gateways
from app.billing.rules import AccountKind, EntryKind
from app.billing.statements import Filter, statement
from app.billing.top_up_flows import TopUp, top_up
from app.billing.words import KINDS, told
from app.db import db, transaction
from app.journal.service import HOST
from tests import make
from tests.billing.fake_gateway import FakeGateway
from tests.page_check import problems
from tests.pages import signed_in, statements

CURRENCY = "EUR"


@pytest.fixture
def acme(app, clock, monkeypatch):
    """A wallet with a movement of each kind that people see, one a day from 1 March on."""
    with app.app_context():
        bank = FakeGateway(name="sandbox")
        monkeypatch.setattr(gateways(), "_adapters", {"sandbox": bank})
        acme = make.organization("Acme", balance=10_000)
        card = make.card(acme)
        wish = TopUp(acme.id, 5000, "nonce001", "sandbox", card.name)
        top_up(wish, day(2))
        renewal(acme, "acme.org", 1500, day(3))
        number = payment_id()
        refund_flows.refund(number, 700, day(4), idem_key="r", reason="x")
        ref = bank.take_back(wish.key)
        refund_flows.settle_dispute("sandbox", ref, day(5).now)
        bank.decide(ref, won=True)
        refund_flows.settle_dispute("sandbox", ref, day(6).now)
        with transaction() as session:
            corrections.credit_transfer(session, Booking(acme.id, 900, "A transfer", "t"), day(7))
            corrections.correct(session, Booking(acme.id, -100, "A slip", "c"), day(8))
    return acme


def day(number: int) -> Context:
    return Context(datetime(2027, 3, number, 9, tzinfo=UTC), terms(), HOST)


def payment_id() -> int:
    from app.billing.payment_models import Payment

    return db.session.query(Payment.id).scalar()


def renewal(acme, subject, amount, context):
    with transaction() as session:
        wallet_id = billing.ensure_wallet(session, acme.id, CURRENCY)
        billing.debit(session, wallet_id, amount)
        revenue = billing.ledger_account(session, AccountKind.REVENUE, "test", CURRENCY)
        wallet = billing.wallet_account(session, wallet_id)
        billing.post(
            session, kind=EntryKind.RENEWAL, ref=subject, idem_key=f"renewal-{subject}",
            currency=CURRENCY, business_date=context.today, now=context.now,
            lines=[billing.Line(wallet, -amount), billing.Line(revenue, amount)],
        )  # fmt: skip


def lines(app, acme, wanted=None, **more):
    with app.app_context():
        found = statement(db.session(), acme.id, CURRENCY, 50, wanted=wanted or Filter(), **more)
        return [(one.kind, one.amount, one.after) for one in found]


def test_every_line_has_the_balance_after_it(app, acme):
    found = lines(app, acme)
    assert [kind for kind, _amount, _after in found] == [
        EntryKind.CORRECTION, EntryKind.TRANSFER, EntryKind.DISPUTE_WON, EntryKind.DISPUTE,
        EntryKind.REFUND, EntryKind.RENEWAL, EntryKind.TOP_UP, EntryKind.OPENING_BALANCE,
    ]  # fmt: skip
    balance = 0
    for _kind, amount, after in reversed(found):
        balance += amount
        assert after == balance
    assert balance == 10_000 + 5000 - 1500 - 700 + 900 - 100


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        (Filter(kind=EntryKind.REFUND), [EntryKind.REFUND]),
        (Filter(since=date(2027, 3, 7)), [EntryKind.CORRECTION, EntryKind.TRANSFER]),
        (Filter(until=date(2027, 3, 2)), [EntryKind.TOP_UP, EntryKind.OPENING_BALANCE]),
        (Filter(EntryKind.DISPUTE, date(2027, 3, 5), date(2027, 3, 5)), [EntryKind.DISPUTE]),
        (Filter(EntryKind.DISPUTE, date(2027, 3, 6)), []),
        (Filter(since=date(2027, 3, 8), until=date(2027, 3, 2)), []),
    ],
)
def test_a_filter_leaves_lines_out_and_their_balances_as_they_were(app, acme, wanted, kinds):
    whole = lines(app, acme)
    assert lines(app, acme, wanted) == [line for line in whole if line[0] in kinds]


def test_filtered_pages_go_on_where_the_last_one_ended(app, acme):
    with app.app_context():
        for number in range(6):
            renewal(acme, f"d{number}.org", 10, day(9))
            with transaction() as session:
                booking = Booking(acme.id, 1, "x", f"between-{number}")
                corrections.correct(session, booking, day(9))
        wanted = Filter(kind=EntryKind.RENEWAL)
        whole = statement(db.session(), acme.id, CURRENCY, 50, wanted=wanted)
        first = statement(db.session(), acme.id, CURRENCY, 3, wanted=wanted)
        rest = statement(db.session(), acme.id, CURRENCY, 50, wanted=wanted, before=first[-1].id)
        assert first + rest == whole
        assert len(whole) == 7


def test_every_kind_has_words_and_what_has_a_page_links_to_it(app, acme):
    with app.app_context():
        client = signed_in(app, make.owner(acme))
    page = client.get("/billing/statement").get_data(as_text=True)
    assert problems(page) == []
    page = page.replace("<wbr>", "")
    with app.app_context():
        found = statement(db.session(), acme.id, CURRENCY, 50)
        payment = next(one.payment for one in found if one.kind is EntryKind.TOP_UP)
    link = f'<a href="/billing/payments/{payment}">'
    for text in (
        f"{link}Top-up: Visa •••• 4242</a>", f"{link}Refund: Visa •••• 4242</a>",
        f"{link}Taken back by the bank: Visa •••• 4242</a>",
        f"{link}Given back by the bank: Visa •••• 4242</a>",
        '<a href="/domains/acme.org">Renewal of acme.org</a>',
        "Bank transfer: A transfer", "Correction by the host: A slip", "Opening balance",
    ):  # fmt: skip
        assert text in page
    assert set(KINDS) == set(EntryKind)


@pytest.mark.parametrize("kind", EntryKind)
def test_no_kind_is_without_words(app, kind):
    line = type("Line", (), {"kind": kind, "ref": "X", "payment": None})
    with app.test_request_context():
        assert told(line) not in ("", kind.value)


def test_the_page_filters_by_its_address_and_the_file_holds_the_same(app, acme):
    with app.app_context():
        client = signed_in(app, make.owner(acme))
    query = "kind=refund&since=2027-03-01&until=2027-03-31"
    page = client.get(f"/billing/statement?{query}").get_data(as_text=True)
    assert "Refund: Visa" in page.replace("<wbr>", "")
    assert "Top-up: " not in page
    assert '<option value="refund" selected>' in page
    assert f"/billing/statement.csv?{query.replace('&', '&amp;')}" in page
    file = client.get(f"/billing/statement.csv?{query}").get_data().decode("utf-8-sig")
    head, line = file.splitlines()
    assert head == "What,Date,Amount,Currency,Balance after,Kind,Payment,Invoice"
    assert line.startswith("Refund: Visa •••• 4242,2027-03-04,-7.00,EUR,128.00,Refunds,")


@pytest.mark.parametrize(
    "query",
    ["kind=nonsense", "since=yesterday", "until=2027-02-30", "before=x", "before=" + "9" * 30,
     "kind=refund&kind=x", "since=%00"],
)  # fmt: skip
def test_what_an_address_cannot_mean_is_as_if_not_there(app, acme, query):
    with app.app_context():
        client = signed_in(app, make.owner(acme))
    for path in ("/billing/statement", "/billing/statement.csv"):
        assert client.get(f"{path}?{query}").status_code == 200


def test_nothing_found_is_told_with_the_way_back(app, acme):
    with app.app_context():
        client = signed_in(app, make.owner(acme))
    page = client.get("/billing/statement?kind=vat").get_data(as_text=True)
    assert "No movement found" in page
    assert 'href="/billing/statement">Show everything' in page


@pytest.mark.parametrize("query", ["", "?kind=renewal"])
def test_a_page_takes_as_many_statements_whatever_is_on_it(app, acme, query):
    with app.app_context():
        client = signed_in(app, make.owner(acme))
        for number in range(60):
            renewal(acme, f"d{number}.org", 10, day(9))
    client.get("/billing/statement")
    with statements(app) as sent:
        client.get(f"/billing/statement{query}")
    assert len(sent) <= 6, sent


def test_another_organizations_movements_are_never_among_them(app, acme):
    with app.app_context():
        other = make.organization("Other", balance=77)
        assert lines_of(other) == [77]
        with transaction() as session:
            assert session.query(LedgerTx).count() > len(lines_of(other))


def lines_of(organization):
    return [one.amount for one in statement(db.session(), organization.id, CURRENCY, 50)]


def test_a_renewal_leads_to_its_invoice_once_that_has_a_number(app, clock):
    from app.jobs.service import tick
    from tests.renewals.test_engine import at

    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=10_000)
        domain = make.domain(acme, "acme.org", expires_on=date(2030, 1, 1))
        make.mailbox(domain, acme, on=True, expires_on=date(2027, 3, 6), renewal_months=12)
        owner = make.owner(acme)
        tick(at(date(2027, 3, 1)))
        tick(at(date(2027, 3, 2)))
    page = signed_in(app, owner).get("/billing/statement").get_data(as_text=True)
    assert 'href="/billing/invoices/F2027-000001">Invoice F2027-000001' in page
