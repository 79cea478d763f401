"""The golden rows of the specification that need no card: exact functions, run one by one.

`tests/golden.jsonl` is the project's copy; a test says so when it falls behind the specification.
Rows that are scenarios stand in the rooms' own tests, under their ids.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.alerts.rules import errp_windows, inactivity_opens, tacit_notice_window
from app.billing.rules import accept_age, card_covers
from app.domains.rules import (
    Refused,
    RegistryName,
    current_expiry_date,
    renew_at_registry,
    years_to_offer,
)
from app.invoices.vat import tax
from app.lib.dates import add_years_leap_safe, business_date, expiry
from app.lib.money import minor
from app.renewals.rules import attempt_due
from app.subscriptions.rules import price_to_pay

HERE = Path(__file__).parent
PARIS = ZoneInfo("Europe/Paris")


def day(text: str) -> date:
    return date.fromisoformat(text)


def epp_renew(expires: str, cur: str, years: int) -> str:
    name = RegistryName(datetime.fromisoformat(expires), frozenset(), "us")
    now = name.expires_at - timedelta(days=1)
    try:
        later = renew_at_registry(name, day(cur), now, registrar="us", years=years)
    except Refused as refused:
        return f"error:{refused.refusal}"
    return later.isoformat().replace("+00:00", "Z")


def vat(*lines: list[int]) -> dict[str, int]:
    nets: dict[int, int] = {}
    for net, rate in lines:
        nets[rate] = nets.get(rate, 0) + net
    due = sum(tax(net, rate) for rate, net in nets.items())
    return {"net": sum(nets.values()), "vat": due, "total": sum(nets.values()) + due}


FUNCTIONS = {
    "F5": price_to_pay,
    "F7": lambda month, year, first: card_covers(month, year, day(first)),
    "D1": lambda anchor, months: expiry(day(anchor), months).isoformat(),
    "D2": lambda anchor, months: expiry(day(anchor), months).isoformat(),
    "D6": lambda at, tz: business_date(datetime.fromisoformat(at), ZoneInfo(tz)).isoformat(),
    "D7": lambda at, tz: business_date(datetime.fromisoformat(at), ZoneInfo(tz)).isoformat(),
    "D20": lambda login: inactivity_opens(day(login)).isoformat(),
    "D22": lambda refuse_by: [edge.isoformat() for edge in tacit_notice_window(day(refuse_by))],
    "D30": lambda ends: [[edge.isoformat() for edge in w] for w in errp_windows(day(ends))],
    "W1": lambda now, ends: attempt_due(datetime.fromisoformat(now), day(ends), PARIS),
    "E1": epp_renew,
    "E7": lambda start, years: add_years_leap_safe(day(start), years).isoformat(),
    "I2": vat,
    "I10": minor,
    "P4": accept_age,
}


def rows() -> dict[str, dict]:
    lines = (HERE / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


@pytest.mark.parametrize("row_id", FUNCTIONS)
def test_golden(row_id):
    for given, expected in rows()[row_id]["cases"]:
        arguments = given if isinstance(given, list) else [given]
        assert FUNCTIONS[row_id](*arguments) == expected, given


def test_the_copy_is_the_specification():
    original = HERE.parent.parent / "shared" / "spec" / "golden.jsonl"
    if not original.exists():
        pytest.skip("the specification is not beside this checkout")
    assert original.read_bytes() == (HERE / "golden.jsonl").read_bytes()


NAME = RegistryName(datetime(2027, 3, 31, 22, tzinfo=UTC), frozenset(), "us")
NOW = datetime(2027, 3, 1, tzinfo=UTC)


def refusal(name: RegistryName | None, **more: object) -> str:
    with pytest.raises(Refused) as refused:
        renew_at_registry(name, date(2027, 3, 31), NOW, **{"registrar": "us", **more})
    return refused.value.refusal.value


def test_e2_a_period_in_months_is_refused():
    assert refusal(NAME, unit="m") == "BadPeriodUnit"


def test_e3_an_absent_period_is_one_year():
    later = renew_at_registry(NAME, date(2027, 3, 31), NOW, registrar="us")
    assert current_expiry_date(later) == date(2028, 3, 31)


@pytest.mark.parametrize(
    "status", ["pendingTransfer", "pendingDelete", "clientRenewProhibited", "serverRenewProhibited"]
)
def test_e4_a_prohibiting_status_refuses(status):
    name = RegistryName(NAME.expires_at, frozenset({status}), "us")
    assert refusal(name) == "StatusProhibits"


def test_e5_a_name_that_was_deleted_does_not_exist():
    assert refusal(None) == "DoesNotExist"


def test_e6_another_registrars_name_is_not_ours():
    assert refusal(NAME, registrar="them") == "NotOwned"


def test_e8_ten_years_before_expiry_is_too_long_and_nine_are_offered():
    ends = date(2027, 8, 31)
    name = RegistryName(datetime(2027, 8, 31, tzinfo=UTC), frozenset(), "us")
    with pytest.raises(Refused) as refused:
        renew_at_registry(name, ends, NOW, registrar="us", years=10)
    assert refused.value.refusal.value == "ExceedsMaxRegistrationYears"
    assert years_to_offer(ends, NOW.date()) == 9
