"""Fixtures of tests of alerts."""

import pytest

from tests.alerts.world import Post


@pytest.fixture
def post(app, monkeypatch):
    """A channel that keeps the letters it is given and answers as told."""
    post = Post()
    monkeypatch.setitem(app.extensions, "vigie.channel", post)
    return post
