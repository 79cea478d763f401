"""Searching a large domain by the index of trigrams finds what reading its addresses finds."""

import pytest
from sqlalchemy import delete, select, update

from app.accounts.models import Organization
from app.db import db, transaction
from app.db.search import has_trigrams
from app.mailboxes import queries
from app.mailboxes.models import Mailbox
from app.mailboxes.queries import MailboxFilter
from app.web.listing import Wish
from tests import make

WISH = Wish("address", False, 50)
TEXTS = ("ann", "anna", "an_a", "a%n", 'a"n', "ann@", "ann@exa", "NN", "example", "nna@example.org")


@pytest.fixture
def domain(db_context):
    acme = make.organization("Acme")
    domain = make.domain(acme, "example.org")
    other = make.domain(acme, "other.org")
    for local in ("anna", "joanna", "bob", "an_a", "a%n", 'a"n', "example"):
        make.mailbox(domain, acme, local)
        make.mailbox(other, acme, local)
    return domain


def found(domain, text, read):
    queries.READ, before = read, queries.READ
    queries._counting.cache_clear()
    try:
        session, narrowed = db.session(), MailboxFilter(text=text.lower())
        everyone = list(session.scalars(select(Organization.id)))
        row = queries.domain(session, everyone, domain.name, narrowed)
        _domain, total, by_trigrams = row
        page = queries.page(session, domain.id, narrowed, WISH, total, by_trigrams=by_trigrams)
    finally:
        queries.READ = before
        queries._counting.cache_clear()
    assert total == len(page.rows)
    return [row.address for row in page.rows], by_trigrams


@pytest.mark.parametrize("text", TEXTS)
def test_both_ways_find_the_same(domain, text):
    by_reading, _way = found(domain, text, read=50)
    by_index, way = found(domain, text, read=0)
    assert by_index == by_reading
    assert way is (has_trigrams(db.session()) and len(text.partition("@")[0]) >= 3)


def test_the_index_follows_every_change(domain):
    with transaction() as session:
        anna = Mailbox.address == "anna@example.org"
        session.execute(update(Mailbox).where(anna).values(address="carla@example.org"))
        session.execute(delete(Mailbox).where(Mailbox.address == "bob@example.org"))
    assert found(domain, "carl", read=0)[0] == ["carla@example.org"]
    assert found(domain, "anna", read=0)[0] == ["joanna@example.org"]
    assert found(domain, "bob", read=0)[0] == []


def test_a_domain_of_few_is_read(domain):
    assert found(domain, "ann", read=queries.READ)[1] is False


def test_changing_what_is_no_address_leaves_the_index_alone(domain):
    if not has_trigrams(db.session()):
        pytest.skip("no index of trigrams of our own here")
    connection = db.session.connection()
    before = connection.connection.total_changes
    number = db.session.scalar(select(Mailbox.id).limit(1))
    db.session.execute(update(Mailbox).where(Mailbox.id == number).values(used_bytes=5))
    assert connection.connection.total_changes - before == 1
