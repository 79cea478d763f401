"""`flask money`: transfers booked once, corrections, refunds; what makes no sense is told."""

import pytest
from sqlalchemy import func, select

from app.billing.checks import differences, uncredited_payments
from app.billing.models import LedgerEntry, LedgerTx, Wallet
from app.billing.payment_models import Payment, Refund
from app.billing.rules import EntryKind, PaymentState, RefundState
from app.db import db
from app.journal.models import JournalRow
from tests import make
from tests.billing.test_top_up import PAGE
from tests.pages import fill, signed_in


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def money(app, clock):
    """Runs `flask money …`."""
    return lambda *words: app.test_cli_runner().invoke(args=["money", *words])


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        return signed_in(app, make.owner(acme))


@pytest.fixture
def reference(app, acme, owner):
    """The reference of a transfer of 50 euros that is waited for."""
    fill(owner, PAGE, {"amount": "50", "means": "transfer"})
    with app.app_context():
        return db.session.scalars(
            select(Payment.reference).where(Payment.reference.is_not(None))
        ).one()


@pytest.fixture
def paid(app, acme, owner):
    """The number of a card payment of 20 euros."""
    with app.app_context():
        make.card(acme)
    fill(owner, PAGE, {"amount": "20"})
    with app.app_context():
        return db.session.scalars(
            select(Payment.public_id).where(Payment.reference.is_(None))
        ).one()


def books(app):
    """Balance, set aside, and the kinds of movements; the books agree."""
    with app.app_context():
        wallet = db.session.execute(select(Wallet.posted, Wallet.held)).first()
        kinds = db.session.scalars(select(LedgerTx.kind).order_by(LedgerTx.at, LedgerTx.id)).all()
        assert db.session.scalar(select(func.sum(LedgerEntry.amount))) in (0, None)
        assert differences(db.session()) == uncredited_payments(db.session()) == []
        return (*wallet, sorted(kinds))


def events(app):
    with app.app_context():
        return db.session.scalars(select(JournalRow.event).order_by(JournalRow.id)).all()


# Transfers


def test_a_transfer_that_came_is_booked_once(app, acme, owner, money, reference):
    result = money("book", reference.lower()[:8] + " " + reference[8:])
    assert (result.exit_code, result.output) == (
        0, "€50.00 booked. The balance is €50.00 now.\n",
    )  # fmt: skip
    assert money("book", reference).output.endswith("nothing is booked twice.\n")
    assert books(app) == (5000, 0, [EntryKind.TRANSFER])
    assert events(app)[-1] == "wallet.topped_up"
    with app.app_context():
        assert db.session.scalars(select(Payment.state)).one() is PaymentState.CAPTURED
    assert f"Bank transfer: {reference}" in owner.get("/billing").get_data(as_text=True)


def test_a_transfer_of_another_amount_is_not_booked_and_told_what_to_do(
    app, acme, money, reference
):
    result = money("book", reference, "--amount", "45,00")
    assert result.exit_code == 1
    assert "waits for €50.00, not €45.00" in result.output
    assert f"flask money credit {acme.name} 45,00 --reason" in result.output
    assert books(app) == (0, 0, [])
    assert money("book", reference, "--amount", "50").exit_code == 0


def test_money_that_came_after_the_customer_gave_up_is_booked(app, acme, money, owner, reference):
    with app.app_context():
        name = db.session.scalars(select(Payment.public_id)).one()
    address = f"/billing/payments/{name}"
    from tests.pages import fields

    form = fields(owner.get(address).get_data(as_text=True), f"{address}/cancel")
    owner.post(f"{address}/cancel", data=form)
    assert money("book", reference).exit_code == 0
    assert books(app) == (5000, 0, [EntryKind.TRANSFER])


def test_an_unknown_reference_is_told(app, acme, money, reference, paid):
    for unknown in ("RF00NOSUCH", "", paid):
        result = money("book", unknown)
        assert result.exit_code == 1
        assert "No transfer with the reference" in result.output
    assert books(app)[:2] == (2000, 0)


def test_a_transfer_without_a_reference_is_credited_once_a_day(app, acme, money):
    command = ("credit", acme.name, "45,00", "--reason", "Transfer of 1 March, no reference")
    assert money(*command).output == "€45.00 booked. The balance is €45.00 now.\n"
    assert "booked before" in money(*command).output
    assert money(*command, "--key", "statement-12/7").exit_code == 0
    assert "booked before" in money(*command, "--key", "statement-12/7").output
    assert books(app) == (9000, 0, [EntryKind.TRANSFER] * 2)


# Corrections


def test_a_correction_adds_and_takes_below_zero_too(app, acme, owner, money):
    assert money("correct", acme.name, "10", "--reason", "A gift").exit_code == 0
    result = money("correct", acme.name, "-12.50", "--reason", "The gift was a mistake")
    assert result.output == "-€12.50 booked. The balance is -€2.50 now.\n"
    assert (
        "booked before"
        in money("correct", acme.name, "-12.50", "--reason", "The gift was a mistake").output
    )
    assert books(app) == (-250, 0, [EntryKind.CORRECTION] * 2)
    assert events(app)[-2:] == ["wallet.corrected"] * 2
    page = owner.get("/billing").get_data(as_text=True)
    assert "Correction by the host: The gift was a mistake" in page


@pytest.mark.parametrize("command", ["credit", "correct"])
@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("0", "more than zero"), ("NaN", "not an amount"), ("1e5", "not an amount"),
        ("12.345", "at most 2 decimals"), ("9" * 30, "The most is"), ("12 USD", "is in EUR"),
        ("--5", "without a minus sign"),
    ],
)  # fmt: skip
def test_a_bad_amount_moves_nothing(app, acme, money, command, amount, sentence):
    result = money(command, "--reason", "x", "--", acme.name, amount)
    assert result.exit_code == 1
    assert sentence in result.output
    assert books(app) == (0, 0, [])


def test_a_transfer_is_never_credited_below_zero(app, acme, money):
    assert money("credit", "--reason", "x", "--", acme.name, "-5").exit_code == 1
    assert books(app) == (0, 0, [])


@pytest.mark.parametrize("command", ["credit", "correct"])
def test_an_unknown_organization_and_no_reason_are_told(app, acme, money, command):
    result = money(command, "nobody", "5", "--reason", "x")
    assert (result.exit_code, "There is no organization nobody" in result.output) == (1, True)
    assert "--reason" in money(command, acme.name, "5").output
    assert money(command, acme.name, "5", "--reason", "  ").exit_code == 1
    assert money(command, acme.name, "5", "--reason", "x" * 121).exit_code == 1
    assert books(app) == (0, 0, [])


# Refunds


def test_a_part_of_a_payment_is_refunded_once(app, acme, owner, money, paid):
    command = ("refund", paid, "5,00", "--reason", "Ordered by mistake")
    assert money(*command).output == "€5.00 is on its way back to the card.\n"
    assert money(*command).output == "€5.00 is on its way back to the card.\n"
    assert books(app) == (1500, 0, [EntryKind.REFUND, EntryKind.TOP_UP])
    assert events(app)[-1] == "payment.refunded"
    with app.app_context():
        assert db.session.scalars(select(Refund.state)).all() == [RefundState.DONE]
    page = owner.get(f"/billing/payments/{paid}").get_data(as_text=True)
    assert "Refunded" in page
    assert f'href="/billing/payments/{paid}">Refund: Visa' in owner.get(
        "/billing/statement"
    ).get_data(as_text=True)


@pytest.mark.parametrize("amounts", [("20.01",), ("15", "5.01"), ("20", "0.01")])
def test_p6_no_more_is_refunded_than_was_captured(app, acme, money, paid, amounts):
    results = [money("refund", paid, amount, "--reason", "x") for amount in amounts]
    assert [one.exit_code for one in results] == [0] * (len(amounts) - 1) + [1]
    assert "of this payment can be refunded" in results[-1].output
    left = {1: 2000, 2: 500}[len(amounts)] if amounts[0] != "20" else 0
    assert books(app)[:2] == (left, 0)


def test_money_that_was_spent_is_not_refunded(app, acme, money, paid):
    assert money("correct", acme.name, "-15", "--reason", "Spent").exit_code == 0
    result = money("refund", paid, "10", "--reason", "x")
    assert (result.exit_code, "no longer has €10.00" in result.output) == (1, True)
    assert books(app)[:2] == (500, 0)


def test_what_was_never_taken_is_not_refunded(app, acme, money, reference):
    with app.app_context():
        declined = make.payment(acme, state=PaymentState.DECLINED).name
    result = money("refund", declined, "1", "--reason", "x")
    assert (result.exit_code, "Nothing was taken" in result.output) == (1, True)
    assert "There is no payment" in money("refund", "nothing", "1", "--reason", "x").output
    money("book", reference)
    by_bank = money("refund", reference, "1", "--reason", "x")
    assert (by_bank.exit_code, "transfer it back" in by_bank.output) == (1, True)


def test_payments_are_listed(app, acme, money, reference, paid):
    lines = money("list").output.splitlines()
    assert len(lines) == 2
    assert paid in lines[0]
    assert "€50.00  Waiting" in lines[1]
    assert len(money("list", "--open", "--organization", acme.name).output.splitlines()) == 1
    with app.app_context():
        other = make.organization("Other").name
    assert money("list", "--organization", other).output == "No payments.\n"


def test_no_command_moves_money_from_one_organization_to_another(money):
    result = money("--help")
    assert {line.split()[0] for line in result.output.partition("Commands:\n")[2].splitlines()} == {
        "book", "correct", "credit", "give-back", "list", "refund",
    }  # fmt: skip
