"""Adapters by name."""

import pytest

from app.lib.registry import Registry, UnknownName


@pytest.fixture
def birds():
    birds: Registry[int] = Registry("bird")
    birds.register("owl", 1)
    birds.register("crow", 2)
    return birds


def test_adapters_are_found_by_name_in_their_order(birds):
    assert list(birds) == ["owl", "crow"]
    assert birds.get("crow") == 2
    assert "owl" in birds
    assert "gull" not in birds


def test_an_unknown_name_is_told(birds):
    with pytest.raises(UnknownName, match="no bird is called gull"):
        birds.get("gull")


def test_a_name_is_given_once(birds):
    with pytest.raises(ValueError, match="two bird are called owl"):
        birds.register("owl", 3)
    assert birds.get("owl") == 1
