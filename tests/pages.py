"""How tests use pages: signing in, and the checks that every page must pass."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.make import PASSWORD, Made


def signed_in(app: Flask, user: Made, *, is_confirmed: bool = False) -> FlaskClient:
    """A client of a person who is signed in already: faster than the page, for all other tests.

    An operator who `is_confirmed` has given a code of their second factor.
    """
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
                    confirmed_at=now if is_confirmed else None,
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


class _Fields(HTMLParser):
    """Collects what a browser would send of the form with a certain action."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action
        self.inside = False
        self.found: dict[str, str] = {}
        self.select = self.textarea = ""

    def handle_starttag(self, tag, attributes):
        attrs = dict(attributes)
        name, value = attrs.get("name") or "", attrs.get("value") or ""
        if tag == "form":
            self.inside = attrs.get("action") == self.action
        if not self.inside:
            return
        if tag == "input" and name:
            if attrs.get("type") not in ("checkbox", "radio") or "checked" in attrs:
                self.found[name] = value
        elif tag == "select":
            self.select = name
        elif tag == "textarea":
            self.textarea = name
            self.found[name] = ""
        elif tag == "option" and ("selected" in attrs or self.select not in self.found):
            self.found[self.select] = value

    def handle_data(self, data):
        if self.inside and self.textarea:
            self.found[self.textarea] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self.textarea = ""


def fields(html: str, action: str) -> dict[str, str]:
    """What a browser without JavaScript would send of the form with that action."""
    parser = _Fields(action)
    parser.feed(html)
    return parser.found


def fill(client: FlaskClient, address: str, changes: dict[str, str | None], **more):
    """Open a page with a form to the same address, change fields (None unticks), send it."""
    html = client.get(address).get_data(as_text=True)
    return send(client, address, html, changes, **more)


def send(client: FlaskClient, address: str, html: str, changes: dict[str, str | None], **more):
    """Change fields of a form that is open already, and send it."""
    filled = fields(html, address) | changes
    data = {name: value for name, value in filled.items() if value is not None}
    return client.post(address, data=data, **more)


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
