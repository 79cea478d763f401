"""Style sheets and script: named by content, kept for a year, compressed."""

import re

import pytest


def addresses(client) -> list[str]:
    page = client.get("/login").get_data(as_text=True)
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page)


def test_every_static_address_of_a_page_is_kept_for_a_year(client):
    found = addresses(client)
    assert found
    for address in found:
        answer = client.get(address.replace("&amp;", "&"), buffered=True)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"], address


def test_an_address_with_an_old_version_is_not_kept(client):
    answer = client.get("/static/app.css?v=000000000000", buffered=True)
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_missing_file_is_a_page_that_says_so(client):
    assert client.get("/static/nothing.css?v=1").status_code == 404


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "br"), ("gzip", "gzip")])
@pytest.mark.parametrize("address", ["/login", "/static/app.css"])
def test_answers_are_compressed_as_the_browser_likes(client, address, accepted, encoding):
    answer = client.get(address, headers={"Accept-Encoding": accepted}, buffered=True)
    assert answer.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(answer.data) < 15_000


def test_private_pages_are_kept_by_nobody(client):
    assert client.get("/login").headers["Cache-Control"] == "no-store"
