"""What rooms add to pages of rooms below them, which cannot know them: wiring brings both together.

A template says ``{{ added('profile') }}``; whoever wants a place there is named in `wiring`.
"""

from collections.abc import Callable, Mapping, Sequence

from flask import Flask
from markupsafe import Markup

# Takes what the page is about, and returns markup; empty where there is nothing to say.
Addition = Callable[..., str]


def init(app: Flask, additions: Mapping[str, Sequence[Addition]]) -> None:
    """Let templates call ``added(place, …)``. Raises KeyError for a place that nobody named."""

    def added(place: str, *about: object) -> Markup:
        return Markup("").join(Markup(write(*about)) for write in additions[place])  # noqa: S704

    app.jinja_env.globals["added"] = added
