"""How pages write what mailboxes measure."""

import pytest
from flask_babel import force_locale

from app.mailboxes.words import MIB, space


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1 KB"),
        (1536, "1.5 KB"),
        (MIB, "1 MB"),
        (999 * MIB, "999 MB"),
        (1000 * MIB, "1 GB"),
        (3072 * MIB, "3 GB"),
        (int(2.86 * 1024 * MIB), "2.9 GB"),
        (5000 * 1024 * MIB, "5,000 GB"),
    ],
)
def test_space_is_written_in_the_unit_that_reads_best(app, count, words):
    with app.test_request_context(), force_locale("en"):
        assert space(count) == words
