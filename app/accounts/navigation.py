"""The frame around every page: the host's name, the navigation, the organization in the header."""

from dataclasses import dataclass

from flask import Flask, Response, abort, current_app, request
from flask_babel import gettext as _
from flask_login import current_user

from app.accounts.access import Membership, chosen, person
from app.accounts.installation import today
from app.accounts.suspensions import OrganizationSuspended, reasons
from app.accounts.words import Why, why_suspended
from app.db import db
from app.web.htmx import render
from app.web.security import SAFE_METHODS
from app.web.state import settings


@dataclass(frozen=True)
class Item:
    """One entry of the navigation; `count` is shown beside it unless it is 0."""

    url: str
    label: str
    current: bool
    icon: str
    count: int = 0


@dataclass(frozen=True)
class Host:
    """How the host presents itself."""

    name: str
    colour: str
    logo_url: str


@dataclass(frozen=True)
class Suspended:
    """A suspended organization of the person; `reasons` only of the one that pages show."""

    organization: Membership
    reasons: list[Why]


def init(app: Flask) -> None:
    """Give every template what the frame shows; whoever visits a customer changes nothing."""
    app.before_request(_only_look)
    app.context_processor(frame)
    app.register_error_handler(OrganizationSuspended, _refused)


def frame() -> dict[str, object]:
    """`host` and `today`; for a person also `navigation`, their organizations, which are suspended.

    `organization` is the one that lists show.
    """
    known = settings()
    shown: dict[str, object] = {
        "host": Host(known.host_name, known.host_colour, known.host_logo),
        "today": today(),
        "navigation": [],
        "organizations": (),
        "organization": None,
        "suspended": [],
        "is_visit": False,
    }
    if current_user.is_authenticated:
        shown |= {
            # Others get an error page there, which must not show what there is.
            "navigation": staff_navigation() if is_staff_page() and may_operate() else navigation(),
            "organizations": person().memberships,
            "organization": chosen(),
            "suspended": suspended(),
            "is_visit": person().is_visiting,
        }
    return shown


def navigation() -> list[Item]:
    """The rooms a customer walks through; all but the first show things of an organization."""
    labels = {
        "/": _("Overview"),
        "/alerts": _("Alerts"),
        "/domains": _("Domains"),
        "/billing": _("Billing"),
        "/accounts": _("Hosting accounts"),
        "/organization": _("Organization"),
    }
    exist = {rule.rule for rule in current_app.url_map.iter_rules()}
    shown = chosen()
    counts = {"/alerts": shown.open_alerts if shown else 0}
    items = [
        Item(url, label, _is_within(request.path, url), url[1:] or "home", counts.get(url, 0))
        for url, label in labels.items()
        if url in exist and (url == "/" or person().memberships)
    ]
    return [*items, Item("/staff", _("Operator"), False, "staff")] if may_operate() else items


def staff_navigation() -> list[Item]:
    """The rooms of an operator, and the way back to the customers' pages."""
    labels = {
        "/staff": (_("To do"), "staff"),
        "/staff/organizations": (_("Customers"), "organization"),
        "/staff/mails": (_("Mails"), "mailboxes"),
        "/staff/alerts": (_("Alerts"), "alerts"),
        "/staff/moves": (_("Moves"), "accounts"),
    }
    items = [
        Item(url, label, _is_within(request.path, url, root="/staff"), icon)
        for url, (label, icon) in labels.items()
    ]
    return [*items, Item("/", _("Customer pages"), False, "home")]


def is_staff_page() -> bool:
    """Whether the request is for a page of the operator's."""
    return request.path == "/staff" or request.path.startswith("/staff/")


def may_operate() -> bool:
    """Whether the operator's pages exist for the person."""
    return bool(current_user.is_authenticated) and person().is_operator


def _only_look() -> None:
    """Whoever looks at a customer's pages for the host pays and changes nothing (threat 20)."""
    looks = request.method in SAFE_METHODS and request.endpoint not in _TO_BANKS
    if looks or is_staff_page() or request.endpoint in _THEIR_OWN:
        return
    if current_user.is_authenticated and person().is_visiting:
        abort(403)


_THEIR_OWN = ("accounts.logout", "accounts.choose_language")
# From here a customer goes on to pay or to save a card at the gateway.
_TO_BANKS = ("cards.go", "top_up.go")


def suspended() -> list[Suspended]:
    """The person's organizations that are suspended, the one that lists show first."""
    shown = chosen()
    found = [one for one in person().memberships if one.suspended_since]
    return [
        Suspended(one, _why(one) if one == shown else [])
        for one in sorted(found, key=lambda one: one != shown)
    ]


def _why(organization: Membership) -> list[Why]:
    held = reasons(db.session(), organization.organization_id)
    return [why_suspended(one.reason) for one in held]


def _refused(_error: OrganizationSuspended) -> Response:
    # The frame says why, and what to do about it.
    return render("accounts/suspended.html", status=409)


def _is_within(path: str, url: str, root: str = "/") -> bool:
    # A mailbox is reached through its domain.
    if url == "/domains" and path.startswith("/mailboxes/"):
        return True
    return path == url or (url != root and path.startswith(url + "/"))
