"""Each kind of bad file: the place it is told of, and that nothing was changed in any table."""

import pytest

from tests.interchange.files import MISSING, bent, everything, example, imported, run

pytestmark = pytest.mark.usefixtures("clock")

JOHN = {"id": "john", "email": "john@example.net", "name": "John"}
BETA = {"id": "beta", "name": "Beta", "country": "FR"}
CONTACT = example()["organizations"][0]["billing_contacts"][0]
CARD = example()["organizations"][0]["cards"][0]
MAILBOX = example()["mailboxes"][0]
DOMAIN = example()["domains"][0]

SHAPE = [
    ("vigie", MISSING, "vigie: is missing"),
    ("vigie", 2, "vigie: must be 1, the version of the format (it is 2)"),
    ("vigie", True, "vigie: must be"),
    ("vigie", 1.0, "vigie: must be"),
    ("customers", [], "customers: unknown key"),
    ("users", {}, "users: must be a list in [ ]"),
    ("users", None, "users: must be a list in [ ] (it is null)"),
    ("users[0]", "marie", 'users[0]: must be an object in { } (it is "marie")'),
    ("users[0].emial", "x", "users[0].emial: unknown key"),
    ("users[0].e mail", "x", 'users[0]["e mail"]: unknown key'),
    ("users[0].email", MISSING, "users[0].email: is missing"),
    ("users[0].email", None, "users[0].email: must be text in quotes (it is null)"),
    ("users[0].email", "marie", 'users[0].email: is not an e-mail address (it is "marie")'),
    ("users[0].email", "a@b@c.org", "users[0].email: is not an e-mail address"),
    ("users[0].email", "a..b@c.org", "users[0].email: is not an e-mail address"),
    ("users[0].email", "a@b..org", "users[0].email: is not an e-mail address"),
    ("users[0].email", "a b@c.org", "users[0].email: is not an e-mail address"),
    ("users[0].email", "a\nb@c.org", "users[0].email: is not an e-mail address"),
    ("users[0].email", f"a@{'b' * 250}.org", "users[0].email: is not an e-mail address"),
    ("users[0].language", "de", 'users[0].language: must be fr or en (it is "de")'),
    ("users[0].id", 7, "users[0].id: must be text in quotes (it is 7)"),
    ("users[0].id", "", "users[0].id: must hold something to read, on one line"),
    ("users[0].id", "x" * 65, "users[0].id: must have at most 64 characters"),
    ("users[0].name", " ", "users[0].name: must hold something to read"),
    ("users[0].name", "Marie\u0000", "users[0].name: must hold something to read, on one line"),
    ("users[0].name", "\ud800", "users[0].name: holds half a character"),
    ("users[0].password", "", "users[0].password: must not be empty"),
    ("users[0].password", "x" * 201, "users[0].password: must have at most 200 characters"),
    ("users[0].last_login_at", "2026-11-01T09:00:00", "users[0].last_login_at: must be an instant"),
    ("users[0].last_login_at", "2026-11-01", "users[0].last_login_at: must be an instant with its"),
    ("users[0].last_login_at", "2026-11-31T09:00:00Z", "users[0].last_login_at: there is no such"),
    ("users[0].last_login_at", 1793520000, "users[0].last_login_at: must be an instant"),
    ("settings.currency", "eur", "settings.currency: must be one of BHD, CAD"),
    ("settings.business_timezone", "Paris", "settings.business_timezone: must be the IANA name"),
    ("settings.language", "fr", "settings.language: unknown key"),
    ("prices[0].kind", "vps", 'prices[0].kind: must be domain or mailbox (it is "vps")'),
    ("prices[0].kind", MISSING, "prices[0].kind: is missing"),
    ("prices[0].period", "yearly", "prices[0].period: unknown key"),
    ("prices[0].extension", ".org", "prices[0].extension: is not an extension"),
    ("prices[0].years", 11, "prices[0].years: must be at most 10 (it is 11)"),
    ("prices[1].period", "weekly", 'prices[1].period: must be monthly or yearly (it is "weekly")'),
    ("prices[1].price", 1.5, "prices[1].price: must be a whole number (it is 1.5)"),
    ("prices[1].price", 100.0, "prices[1].price: must be a whole number (it is 100.0)"),
    ("prices[1].price", "100", 'prices[1].price: must be a whole number (it is "100")'),
    ("prices[1].price", True, "prices[1].price: must be a whole number (it is true)"),
    ("prices[1].price", -1, "prices[1].price: must be at least 0 (it is -1)"),
    ("organizations[0].balance", 10**16, "organizations[0].balance: must be at most"),
    ("organizations[0].balance", -(10**5000 % 10**4000 + 10**90), "organizations[0].balance: must"),
    ("organizations[0].balance", float("nan"), "organizations[0].balance: must be a whole number"),
    ("organizations[0].balance", float("inf"), "organizations[0].balance: must be a whole number"),
    ("organizations[0].plan", "gold", "organizations[0].plan: must be free or paid"),
    ("organizations[0].country", "France", "organizations[0].country: must be the two capital"),
    ("organizations[0].country", "ZZ", "organizations[0].country: must be the two capital"),
    ("organizations[0].country", "fr", "organizations[0].country: must be the two capital"),
    (
        "organizations[0].members[0].role",
        "boss",
        "organizations[0].members[0].role: must be owner, billing, technical or viewer",
    ),
    ("organizations[0].cards[0].last4", "424", "organizations[0].cards[0].last4: must be four"),
    ("organizations[0].cards[0].last4", 4242, "organizations[0].cards[0].last4: must be text"),
    ("organizations[0].cards[0].exp_month", 13, "organizations[0].cards[0].exp_month: must be at"),
    ("organizations[0].cards[0].exp_month", 0, "organizations[0].cards[0].exp_month: must be at"),
    ("organizations[0].cards[0].validated", 1, "organizations[0].cards[0].validated: must be true"),
    ("accounts[0].id", "a/b", "accounts[0].id: must not contain /"),
    ("domains[0].name", "example", "domains[0].name: is not a domain name"),
    ("domains[0].name", "-x.org", "domains[0].name: is not a domain name"),
    ("domains[0].name", "192.168.1.1", "domains[0].name: is not a domain name"),
    ("domains[0].expires_on", "2027-02-30", "domains[0].expires_on: there is no such day (it is"),
    ("domains[0].expires_on", "31/03/2027", "domains[0].expires_on: must be a date written YYYY-"),
    ("domains[0].expires_on", "2027-3-31", "domains[0].expires_on: must be a date written YYYY-"),
    ("domains[0].expires_on", "20270331", "domains[0].expires_on: must be a date written YYYY-"),
    ("domains[0].expires_on", "2027-03-31T00:00:00Z", "domains[0].expires_on: must be a date"),
    ("domains[0].expires_on", "٢٠٢٧-03-31", "domains[0].expires_on: must be a date written YYYY"),
    ("domains[0].expires_on", "0001-01-01", "domains[0].expires_on: the year must be between"),
    ("domains[0].expires_on", 20270331, "domains[0].expires_on: must be a date written"),
    ("domains[0].auto_renewal.on", "yes", "domains[0].auto_renewal.on: must be true or false"),
    ("domains[0].auto_renewal.years", 0, "domains[0].auto_renewal.years: must be at least 1"),
    ("mailboxes[0].address", "info@", "mailboxes[0].address: is not an e-mail address"),
    ("mailboxes[0].address", "info@localhost", "mailboxes[0].address: is not an e-mail address"),
    ("mailboxes[0].expires_on", "2027-02-29", "mailboxes[0].expires_on: there is no such day"),
    ("mailboxes[0].quota_mib", 0, "mailboxes[0].quota_mib: must be at least 1 (it is 0)"),
    ("mailboxes[0].quota_mib", 2**31, "mailboxes[0].quota_mib: must be at most"),
    ("forwardings[0].to", [], "forwardings[0].to: must not be empty"),
    ("forwardings[0].to", ["x"], "forwardings[0].to[0]: is not an e-mail address"),
    ("moves[0].due_on", None, "moves[0].due_on: must be a date written YYYY-MM-DD"),
]

MEANING = [
    ("prices[3]", {"kind": "mailbox", "period": "monthly", "price": 1}, "prices[3]: prices the"),
    ("users[1]", {**JOHN, "id": "marie"}, 'users[1].id: "marie" is already at users[0].id'),
    ("users[1]", {**JOHN, "email": "MARIE@example.net"}, "users[1].email: "),
    ("organizations[1]", {**BETA, "id": "acme"}, "organizations[1].id: "),
    (
        "organizations[1]",
        {**BETA, "billing_contacts": [CONTACT]},
        "organizations[1].billing_contacts[0].id: ",
    ),
    ("organizations[1]", {**BETA, "cards": [CARD]}, "organizations[1].cards[0].id: "),
    (
        "organizations[0].members[0].user",
        "nobody",
        'organizations[0].members[0].user: no user has the id "nobody"',
    ),
    (
        "organizations[0].members[1]",
        {"user": "marie", "role": "viewer"},
        'organizations[0].members[1].user: "marie" is already at organizations[0].members[0].user',
    ),
    (
        "organizations[0].billing_contacts[1]",
        {**CONTACT, "id": "second"},
        "organizations[0].billing_contacts[1].default: an organization has one default",
    ),
    ("accounts[0].organization", "x", 'accounts[0].organization: no organization has the id "x"'),
    ("accounts[1]", {"id": "acme-web", "organization": "acme"}, "accounts[1].id: "),
    ("domains[0].organization", "x", "domains[0].organization: no organization has the id"),
    ("domains[0].account", "x", 'domains[0].account: no account has the id "x"'),
    ("domains[0].registrar", "gandi", 'domains[0].registrar: no registrar is called "gandi"'),
    ("domains[0].registrar", "external", "domains[0].expires_on: must be absent"),
    ("domains[0].registrar", "external", "domains[0].auto_renewal: must be absent"),
    ("domains[0].expires_on", None, "domains[0].expires_on: is missing"),
    ("domains[1]", {**DOMAIN, "name": "EXAMPLE.org"}, 'domains[1].name: "example.org" is already'),
    (
        "domains[0].auto_renewal.billed_organization",
        "x",
        "domains[0].auto_renewal.billed_organization: no organization has",
    ),
    (
        "domains[0].auto_renewal.billed_organization",
        None,
        "domains[0].auto_renewal.billed_organization: is missing",
    ),
    ("domains[0].auto_renewal.billing_contact", "x", "domains[0].auto_renewal.billing_contact: no"),
    ("domains[0].auto_renewal.card", "x", "domains[0].auto_renewal.card: no card has the id"),
    ("mailboxes[0].address", "info@other.org", "mailboxes[0].address: the domain "),
    (
        "mailboxes[1]",
        MAILBOX,
        'mailboxes[1].address: "info@example.org" is already at mailboxes[0]',
    ),
    (
        "mailboxes[0].expires_on",
        "2027-03-01",
        "mailboxes[0].expires_on: 2027-03-01 is not a whole number of months after the anchor",
    ),
    ("mailboxes[0].expires_on", "2027-01-30", "mailboxes[0].expires_on: 2027-01-30 is before the"),
    (
        "mailboxes[0].auto_renewal",
        {"on": True},
        "mailboxes[0].auto_renewal.billed_organization: is missing",
    ),
    ("forwardings[0].address", "info@example.org", "forwardings[0].address: "),
    ("forwardings[0].address", "contact@other.org", "forwardings[0].address: the domain"),
    ("forwardings[0].to", ["a@b.org", "A@b.org"], 'forwardings[0].to[1]: "a@b.org" is already at'),
    ("forwardings[0].to", ["contact@example.org"], "forwardings[0].to[0]: a forwarding cannot"),
    ("moves[0].account", "x", 'moves[0].account: no account has the id "x"'),
]

TEXTS = [
    ("", "the file is empty"),
    ('{"vigie": 1', "line 1: the file ends too early"),
    ('{"vigie": 1,\n "users": [}', 'line 2, column 12: this is not JSON, at "}"'),
    ("{'vigie': 1}", "line 1, column 2: this is not JSON"),
    ("[]", "must be an object in { }"),
    ("3", "must be an object in { } (it is 3)"),
    ('{"vigie": 1, "vigie": 1}', "vigie: the key is written twice"),
    (
        '{"vigie": 1, "users": [{"id": "a", "id": "b"}]}',
        "users[0].id: the key is written twice",
    ),
    (b'{"vigie": 1,\n "users": "\xe9"}', "line 2: the file is not UTF-8 text here"),
    ("[" * 100_000, "the file is nested too deeply"),
    ('{"vigie": 1, "organizations": ' + "[" * 90 + "]" * 90 + "}", "organizations[0]: must be an"),
    (f'{{"vigie": {"9" * 5000}}}', "vigie: must be 1"),
    ('{"vigie": 1, "pri\\u001b[31m": 1}', 'unknown key'),
]  # fmt: skip

TWO_OWNERS = [
    (
        [("organizations[1]", BETA), ("domains[0].organization", "beta")],
        'domains[0].account: "acme-web" belongs to organization "acme", not "beta"',
    ),
    (
        [("organizations[1]", BETA), ("domains[0].auto_renewal.billed_organization", "beta")],
        'domains[0].auto_renewal.billing_contact: "acme-main" belongs to organization "acme"',
    ),
    (
        [
            ("domains[0].auto_renewal", {"on": False, "card": "acme-visa"}),
        ],
        'domains[0].auto_renewal.card: "acme-visa" belongs to organization "acme", not null',
    ),
]

AGAINST_THE_PORTAL = [
    ([("settings.currency", "USD")], 'settings.currency: is "EUR", and fixed since'),
    ([("users", [{**JOHN, "email": "marie@example.net"}])], "users[0].email: marie@example.net is"),
    ([("organizations[0].balance", 1)], "organizations[0].balance: "),
    (
        [("organizations[0].id", "beta"), ("accounts", []), ("domains", []), ("moves", []),
         ("mailboxes", []), ("forwardings", [])],
        "organizations[0].cards[0].id: ",
    ),
    ([("organizations[1]", BETA), ("accounts[0].organization", "beta")], "accounts[0].organ"),
    ([("organizations[1]", BETA), ("domains[0].organization", "beta")], "domains[0].organ"),
    ([("domains[0].expires_on", "2028-03-31")], "domains[0].expires_on: is already in the portal"),
    ([("mailboxes[0].expires_on", "2027-03-31")], "mailboxes[0].expires_on: is already in the"),
    (
        [("mailboxes[0].address", "contact@example.org"), ("forwardings", [])],
        "mailboxes[0].address: contact@example.org is already a mailbox or a forwarding",
    ),
    (
        [("forwardings[0].address", "info@example.org"), ("mailboxes", [])],
        "forwardings[0].address: info@example.org is already",
    ),
]  # fmt: skip


def refused(app, session, tmp_path, document, expected):
    """Import what must be refused with that text; nothing may change."""
    before = everything(session)
    session.rollback()
    result = run(app, tmp_path, document)
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line.strip() for line in result.stderr.splitlines()]
    assert any(line.startswith(expected) for line in lines), result.stderr
    assert result.stdout == ""
    assert everything(session) == before
    return result


@pytest.mark.parametrize(("place", "value", "expected"), SHAPE)
def test_a_wrong_value_is_told_with_its_place(app, db_context, tmp_path, place, value, expected):
    refused(app, db_context, tmp_path, bent((place, value)), expected)


@pytest.mark.parametrize(("place", "value", "expected"), MEANING)
def test_a_contradiction_is_told_with_its_place(app, db_context, tmp_path, place, value, expected):
    refused(app, db_context, tmp_path, bent((place, value)), expected)


@pytest.mark.parametrize(("changes", "expected"), TWO_OWNERS)
def test_what_belongs_to_another_is_refused(app, db_context, tmp_path, changes, expected):
    refused(app, db_context, tmp_path, bent(*changes), expected)


@pytest.mark.parametrize(("changes", "expected"), AGAINST_THE_PORTAL)
def test_what_contradicts_the_portal_is_refused(app, db_context, tmp_path, changes, expected):
    imported(app, tmp_path, example())
    db_context.rollback()
    refused(app, db_context, tmp_path, bent(*changes), expected)


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_text_that_is_no_document_is_refused(app, db_context, tmp_path, text, expected):
    result = run(app, tmp_path, text)
    assert result.exit_code == 1
    assert expected in result.stderr
    assert "\x1b" not in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_one_bad_row_at_the_end_loads_nothing(app, db_context, tmp_path):
    document = bent(("moves[1]", {**example()["moves"][0], "id": "x", "account": "nowhere"}))
    refused(app, db_context, tmp_path, document, "moves[1].account")


def test_all_problems_are_listed_and_counted(app, db_context, tmp_path):
    boxes = [{**MAILBOX, "address": f"m{n}@example.org", "quota_mib": 0} for n in range(60)]
    result = refused(
        app, db_context, tmp_path, bent(("mailboxes", boxes)), "mailboxes[49].quota_mib: "
    )
    assert "because of 60 problems" in result.stderr
    assert result.stderr.rstrip().endswith("and 10 more")
    assert "mailboxes[50]" not in result.stderr


def test_a_password_is_never_shown(app, db_context, tmp_path):
    result = refused(
        app, db_context, tmp_path, bent(("users[0].password", 123456789)), "users[0].password: "
    )
    assert "123456789" not in result.stderr


def test_a_file_that_is_not_there_is_told(app):
    result = app.test_cli_runner().invoke(args=["import", "/nowhere/x.json"])
    assert result.exit_code == 1
    assert result.stderr == "/nowhere/x.json: No such file or directory\n"


def test_a_failure_while_writing_leaves_nothing(app, db_context, tmp_path, monkeypatch):
    from app.interchange import service

    def fail(_adding):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(service, "STEPS", {**service.STEPS, "moves": fail})
    before = everything(db_context)
    db_context.rollback()
    result = run(app, tmp_path, example())
    assert isinstance(result.exception, RuntimeError)
    assert everything(db_context) == before


@pytest.mark.parametrize(("place", "value", "expected"), [*SHAPE, *MEANING])
def test_every_sentence_can_be_said_in_french(app, tmp_path, monkeypatch, place, value, expected):
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    result = run(app, tmp_path, bent((place, value)))
    assert isinstance(result.exception, SystemExit)
    where = expected.partition(": ")[0]
    assert any(line.strip().startswith(where) for line in result.stderr.splitlines())
    assert "%(" not in result.stderr
