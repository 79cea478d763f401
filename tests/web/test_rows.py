"""Rows that are filled in come out as their macro would have written them, escaped."""

import re

import pytest
from flask import current_app, url_for

from app.web import i18n
from app.web.rows import breakable, filled, kept
from tests import make
from tests.pages import signed_in

NAMES = ("<b>", "100% sure", "a&b", "50%(name)s", 'quo"te')


@pytest.fixture
def macro(app):
    template = app.jinja_env.from_string(
        "{% macro row(like, blank) %}"
        '<li class="{{ like }}" title="100 % {{ blank.name }}">{{ blank.name }}</li>{% endmacro %}'
    )
    return template.module.row


def test_what_is_filled_in_is_what_the_macro_writes(macro):
    class Given:
        def __init__(self, name: str) -> None:
            self.name = name

    for name in NAMES:
        assert filled(macro, [("x", {"name": name})]) == macro("x", Given(name)).__html__()


def test_the_macro_runs_once_for_rows_that_are_alike(macro):
    calls = []

    def counted(like, blank):
        calls.append(like)
        return macro(like, blank)

    rows = [(n % 2, {"name": n}) for n in range(50)]
    assert filled(counted, rows).count("<li") == 50
    assert calls == [0, 1]


def test_a_long_name_may_break_and_is_escaped():
    assert breakable("a.b@<c>") == "a.<wbr>b<wbr>@&lt;c&gt;"


def test_odd_addresses_link_to_their_own_pages(app, clock):
    locals_ = ("o'neill", "a+b", "50%off", "x{y}", "q?r", "h#i", "s~t", "é")
    with app.app_context():
        acme = make.organization()
        domain = make.domain(acme, "example.org")
        for local in locals_:
            make.mailbox(domain, acme, local)
        client = signed_in(app, make.owner(acme))
    page = client.get("/domains/example.org/mailboxes").get_data(as_text=True)
    links = re.findall(r'class="main"><a href="([^"]+)"', page)
    assert len(links) == len(locals_)
    for link in links:
        assert client.get(link.replace("&#39;", "'")).status_code == 200
    with app.test_request_context():
        expected = {url_for("mailboxes.show", address=f"{local}@example.org") for local in locals_}
    assert {link.replace("&#39;", "'") for link in links} == expected


def test_what_is_kept_is_made_once_for_each_language_and_filled_in_anew(db_context):
    made = []
    template = current_app.jinja_env.from_string(
        "{% macro name(name, blank) %}{{ seen() }}{{ name }}: {{ blank.x }} %{% endmacro %}"
    )
    macro = template.make_module({"seen": lambda: made.append(1) or ""}).name
    with i18n.speaking("en"):
        assert kept(macro, ("<b>",), x="<i>") == "&lt;b&gt;: &lt;i&gt; %"
        assert kept(macro, ("<b>",), x=2) == "&lt;b&gt;: 2 %"
        assert len(made) == 1
    with i18n.speaking("fr"):
        kept(macro, ("<b>",), x=3)
    assert len(made) == 2
