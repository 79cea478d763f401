"""VAT on values: which (L12), how much (L11, golden row I2), and sums that always hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.invoices import vat, vat_ids
from app.invoices.vat import Policy, Treatment, shares, split, tax

PRICES = st.integers(min_value=0, max_value=10**9)
RATES = st.sampled_from([0, 210, 550, 850, 1000, 1700, 2000, 2100, 2550, 2700, 10000])
HOME = Policy("FR")


def test_golden_i2():
    assert (tax(3333, 2100), 3333 + tax(3333, 2100)) == (700, 4033)


@pytest.mark.parametrize(
    ("net", "rate", "expected"),
    [(10, 500, 1), (-10, 500, -1), (250, 2000, 50), (1, 2000, 0), (3, 2000, 1), (-3, 2000, -1)],
)
def test_a_half_is_rounded_away_from_zero(net, rate, expected):
    assert tax(net, rate) == expected


@pytest.mark.parametrize(
    ("price", "net"), [(1500, 1250), (1000, 833), (100, 83), (999, 832), (1, 1), (0, 0)]
)
def test_what_remains_of_a_price_is_net(price, net):
    assert split(price, 2000) == (net, price - net)


@given(PRICES, RATES)
def test_net_and_vat_are_the_price_and_vat_is_right_to_one_cent(price, rate):
    net, due = split(price, rate)
    assert net + due == price
    assert net >= 0 <= due
    assert abs(due - tax(net, rate)) <= 1


@given(PRICES, RATES)
def test_a_price_made_of_net_and_vat_is_taken_apart_again(net, rate):
    assert split(net + tax(net, rate), rate) == (net, tax(net, rate))


@given(st.lists(PRICES, max_size=50), RATES)
def test_lines_add_up_to_the_document_and_each_to_its_price(prices, rate):
    parts = shares(prices, rate)
    assert [net + due for net, due in parts] == prices
    assert all(net >= 0 <= due for net, due in parts)
    assert (sum(net for net, _ in parts), sum(due for _, due in parts)) == split(sum(prices), rate)


@given(st.lists(PRICES, max_size=20), RATES)
def test_a_line_is_at_most_one_cent_from_what_it_would_be_alone(prices, rate):
    for price, (net, _) in zip(prices, shares(prices, rate), strict=True):
        assert abs(net - split(price, rate)[0]) <= 1


@pytest.mark.parametrize(
    ("policy", "country", "has_id", "expected"),
    [
        (HOME, "FR", False, Treatment("S", "FR")),
        (HOME, "FR", True, Treatment("S", "FR")),
        (HOME, "RE", False, Treatment("S", "RE")),
        (HOME, "MC", True, Treatment("S", "MC")),
        (HOME, "DE", True, Treatment("AE", mention="reverse_charge")),
        (HOME, "DE", False, Treatment("S", "FR")),
        (Policy("FR", oss=True), "DE", False, Treatment("S", "DE")),
        (Policy("FR", oss=True), "DE", True, Treatment("AE", mention="reverse_charge")),
        (HOME, "CH", True, Treatment("O", mention="outside_eu")),
        (HOME, "GF", False, Treatment("O", mention="outside_eu")),
        (HOME, "GB", False, Treatment("O", mention="outside_eu")),
        (Policy("FR", exempt=True), "FR", False, Treatment("E", mention="exempt_293b")),
        (Policy("FR", exempt=True), "DE", True, Treatment("E", mention="exempt_293b")),
        (Policy("BE"), "FR", True, Treatment("AE", mention="reverse_charge")),
        (Policy("BE"), "BE", True, Treatment("S", "BE")),
    ],
)
def test_which_vat_applies(policy, country, has_id, expected):
    assert vat.treatment(policy, country, has_valid_vat_id=has_id) == expected


@pytest.mark.parametrize(
    ("vat_id", "country", "valid"),
    [
        ("FR40303265045", "FR", True),
        ("FR41303265045", "FR", False),
        ("DE136695976", "DE", True),
        ("DE136695976", "AT", False),
        ("EL094259216", "GR", True),
        ("GB980780684", "GB", False),
        (None, "FR", False),
        ("", "FR", False),
        ("FR", "FR", False),
    ],
)
def test_vat_ids_are_checked_by_their_digits(vat_id, country, valid):
    assert vat_ids.is_valid(vat_id, country) is valid


def test_a_french_vat_id_tells_the_siren():
    assert vat_ids.siren_of("FR40303265045") == "303265045"
    assert vat_ids.siren_of("DE136695976") is None
    assert vat_ids.siren_of("FR41303265045") is None
