"""The committed JSON Schema and page say what the code does."""

import json
from datetime import date

import pytest
from jsonschema import Draft202012Validator

from app.interchange import demo
from app.interchange.schema import PAGE, SCHEMA, page_text, schema_text
from tests.interchange.files import bent, example
from tests.interchange.test_bad_files import SHAPE

# Said in words only: a schema takes 1.0 for a whole number and knows no calendar or name lists.
BEYOND = (
    "there is no such", "the year", "is not an e-mail", "is not a domain", "is not an extension",
    "must not contain /", "IANA", "holds half", "(it is 100.0)",
)  # fmt: skip
IN_REACH = [
    (place, value)
    for place, value, expected in SHAPE
    if not any(words in expected for words in BEYOND) and value not in (1.0, "ZZ")
]


@pytest.fixture(scope="module")
def schema():
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_schema_and_page_are_not_stale():
    again = "run python -m app.interchange.schema"
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), again
    assert PAGE.read_text(encoding="utf-8") == page_text(), again


def test_the_schema_is_one(schema):
    Draft202012Validator.check_schema(schema.schema)


def test_good_documents_fit_the_schema(schema):
    schema.validate(example())
    schema.validate(demo.document(date(2027, 3, 1)))


@pytest.mark.parametrize(("place", "value"), IN_REACH)
def test_wrong_values_do_not_fit_the_schema(schema, place, value):
    assert not schema.is_valid(bent((place, value)))
