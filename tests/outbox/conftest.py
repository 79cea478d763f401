"""A channel in place of the portal's own."""

import pytest

from tests.outbox.world import Post


@pytest.fixture
def post(app, monkeypatch):
    post = Post()
    monkeypatch.setitem(app.extensions, "vigie.channel", post)
    return post
