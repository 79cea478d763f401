"""How tests use pages: signing in, and the checks that every page must pass."""

from flask.testing import FlaskClient

from tests.make import PASSWORD, Made


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
