"""The frame around every page: the host's name, the navigation, the organization in the header."""

from dataclasses import dataclass

from flask import Flask, current_app, request
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.access import chosen, person
from app.accounts.installation import today
from app.web.state import settings


@dataclass(frozen=True)
class Item:
    """One entry of the navigation; `count` is shown beside it unless it is 0."""

    url: str
    label: str
    current: bool
    count: int = 0


@dataclass(frozen=True)
class Host:
    """How the host presents itself."""

    name: str
    colour: str
    logo_url: str


def init(app: Flask) -> None:
    """Give every template what the frame shows."""
    app.context_processor(frame)


def frame() -> dict[str, object]:
    """`host` and `today`; for a person also `navigation`, `organizations`, `organization`."""
    known = settings()
    shown: dict[str, object] = {
        "host": Host(known.host_name, known.host_colour, known.host_logo),
        "today": today(),
        "navigation": [],
        "organizations": (),
        "organization": None,
    }
    if current_user.is_authenticated:
        shown |= {
            "navigation": navigation(),
            "organizations": person().memberships,
            "organization": chosen(),
        }
    return shown


def navigation() -> list[Item]:
    """The rooms a customer walks through; all but the first show things of an organization."""
    labels = {
        "/": _("Overview"),
        "/domains": _("Domains"),
        "/billing": _("Billing"),
        "/accounts": _("Hosting accounts"),
        "/organization": _("Organization"),
    }
    exist = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [
        Item(url, label, _is_within(request.path, url))
        for url, label in labels.items()
        if url in exist and (url == "/" or person().memberships)
    ]


def _is_within(path: str, url: str) -> bool:
    # A mailbox is reached through its domain.
    if url == "/domains" and path.startswith("/mailboxes/"):
        return True
    return path == url or (url != "/" and path.startswith(url + "/"))
