"""What every answer is protected by: host names, other sites, headers, the signing key."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.web.paths import local_path
from app.web.security import _kept_secret
from tests import make
from tests.pages import csrf_token, signed_in


@pytest.fixture
def owner(app):
    with app.app_context():
        return signed_in(app, make.owner(make.organization()))


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}]
)
def test_another_host_name_is_refused(client, headers):
    answer = client.get("/login", headers=headers)
    assert answer.status_code == 400
    assert "evil" not in answer.get_data(as_text=True)


def test_a_form_without_its_token_is_refused(owner):
    answer = owner.post("/logout")
    assert answer.status_code == 403
    assert "<h1>This form is too old</h1>" in answer.get_data(as_text=True)
    assert owner.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_a_token(owner, headers):
    token = csrf_token(owner.get("/").get_data(as_text=True))
    answer = owner.post("/logout", data={"csrf_token": token}, headers=headers)
    assert answer.status_code == 403
    assert owner.get("/").status_code == 200


def test_a_form_of_our_own_is_taken(owner):
    token = csrf_token(owner.get("/").get_data(as_text=True))
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    answer = owner.post("/logout", data={"csrf_token": token}, headers=headers)
    assert answer.status_code == 303


def test_pages_are_not_kept_by_caches(owner):
    headers = owner.get("/").headers
    assert headers["Cache-Control"] == "no-store"
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_the_cookie_is_for_this_site_and_out_of_reach_of_scripts(client):
    cookie = client.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_processes_that_start_together_agree_on_the_signing_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _n: _kept_secret(tmp_path / "var"), range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 48
    [file] = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "address", ["/", "/domains?q=a%2Fb&next=https://x", "/domains/example.org"]
)
def test_paths_of_the_portal_are_followed(address):
    assert local_path(address) == address


@pytest.mark.parametrize(
    "address",
    [
        None, "", "domains", "//evil.example", "///evil.example", "/\\evil.example",
        "\\\\evil.example", "https://evil.example", "https:evil.example", "javascript:alert(1)",
        "/%2Fevil.example", "/%252Fevil.example", "/%5Cevil.example", "/%0d%0aSet-Cookie:x=1",
        "/\t/evil.example", "/\n/evil.example", " //evil.example", "/a\r\nb", "//[",
        "/" + "a" * 2000,
    ],
)  # fmt: skip
def test_other_addresses_are_not(address):
    assert local_path(address) is None
