"""How tests use pages: signing in, and the checks that every page must pass."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.make import PASSWORD, Made


def signed_in(app: Flask, user: Made) -> FlaskClient:
    """A client of a person who is signed in already: faster than the page, for all other tests."""
    from app.accounts.models import SignIn
    from app.db import transaction
    from app.lib.ids import digest, token

    secret = token()
    with app.app_context():
        now = app.extensions["vigie"].clock.now()
        with transaction() as session:
            session.add(
                SignIn(
                    user_id=user.id, token_hash=digest(secret), created_at=now,
                    expires_at=now + timedelta(days=14), address="127.0.0.1", browser="Tests/1.0",
                )
            )  # fmt: skip
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = secret, True
    return client


def sign_in(client: FlaskClient, user: Made, password: str = PASSWORD):
    """Sign in through the page, as a person would, with its CSRF token; returns the answer."""
    return submit(client, "/login", {"email": user.name, "password": password})


def submit(client: FlaskClient, address: str, fields: dict, *, page: str | None = None, **more):
    """Fetch `page` (by default the address itself), then post `fields` with its CSRF token."""
    token = csrf_token(client.get(page or address).get_data(as_text=True))
    return client.post(address, data={"csrf_token": token, **fields}, **more)


def csrf_token(html: str) -> str:
    """The CSRF token of a page's first form."""
    marker = 'name="csrf_token"'
    at = html.index(marker)
    start = html.rindex("<input", 0, at)
    tag = html[start : html.index(">", at)]
    return tag.split('value="')[1].split('"')[0]


def listed(html: str) -> list[str]:
    """Names of the rows of a list, in order, by their boxes."""
    names = re.findall(r'name="(?:domain|mailbox)"[^>]* aria-label="Select ([^"]+)"', html)
    return [unescape(name) for name in names]


def without_tokens(html: str) -> str:
    """A page without what differs each time it is asked for."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", html)


@contextmanager
def statements(app: Flask) -> Iterator[list[tuple[str, object]]]:
    """Collects the SQL that the application sends meanwhile, with its parameters."""
    from app.db import db

    sent: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if not statement.startswith("BEGIN"):
            sent.append((statement, parameters))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
