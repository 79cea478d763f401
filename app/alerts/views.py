"""/alerts: those of an organization, one of them, the way to what resolves it, and reminders."""

from flask import Blueprint, Response, abort, flash, request
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import CHOSEN, chosen, membership_in, person, scope
from app.accounts.installation import today
from app.alerts import preferences, queries, showing, words
from app.alerts.delays import delays_of
from app.alerts.forms import PAST, RemindersForm, read_filter
from app.alerts.queries import AlertRow
from app.alerts.story import story
from app.alerts.telling import path_of
from app.alerts.types import types
from app.db import db, transaction
from app.web.htmx import go_to, render
from app.web.listing import Links
from app.web.listing import show as show_list
from app.web.security import csrf
from app.web.state import now

blueprint = Blueprint("alerts", __name__)


@blueprint.get("/alerts")
@login_required
def index() -> Response:
    """Alerts of the chosen organization: what stands, worst first, or what is over."""
    organization = chosen()
    if organization is None:
        return render("alerts/none.html")
    session, organization_id = db.session(), organization.organization_id
    wanted = read_filter(request.args)
    listing = queries.listing(is_past=wanted.is_past)
    wish = listing.wish(request.args)
    page = queries.page(session, organization_id, wanted, wish)
    links = Links(
        "/alerts", listing, wish, page,
        {"type": wanted.type} if wanted.type else {},
        {"show": PAST} if wanted.is_past else {},
    )  # fmt: skip
    counts = queries.counts_by_type(session, organization_id)
    return show_list(
        "alerts/list.html",
        links,
        alerts=[(row, showing.words_of(row)) for row in queries.rows_of(page)],
        is_past=wanted.is_past,
        number=sum(counts.values()),
        type_choices=_type_choices({} if wanted.is_past else counts),
        **showing.helpers(),
    )


@blueprint.get("/alerts/<public_id>")
@login_required
def show(public_id: str) -> Response:
    """One alert: what it means, what resolves it, what was sent to whom, what comes next."""
    session = db.session()
    alert = _alert(public_id)
    told = showing.words_of(alert)
    kind = types().get(alert.type)
    return render(
        "alerts/show.html",
        alert=alert,
        told=told,
        label=kind.label() if kind else alert.type,
        organization_name=membership_in(alert.organization_id).name,
        events=story(
            alert, queries.time_line(session, alert.id), told, delays_of(session).get(alert.type),
            today(), returns=queries.returns(session, alert),
        ),
        mail=words.mail,
        domain=kind.domain(alert.subject) if kind and not alert.ended_at else None,
        **showing.helpers(),
    )  # fmt: skip


def _type_choices(counts: dict[str, int]) -> list[tuple[str, str]]:
    named = [
        (name, f"{kind.label()} ({counts[name]})" if name in counts else kind.label())
        for name, kind in types().items()
    ]
    return [("", _("All")), *named]


def _alert(public_id: str) -> AlertRow:
    return queries.alert(db.session(), scope(), public_id) or abort(404)


@blueprint.get("/alerts/<public_id>/go")
@login_required
def go(public_id: str) -> BaseResponse:
    """From a mail to the page that resolves an alert, showing the organization it is about.

    What is resolved already, or by others, leads to the alert's own page.
    """
    alert = _alert(public_id)
    cookie[CHOSEN] = membership_in(alert.organization_id).public_id
    if alert.ended_at or not showing.may_resolve(alert):
        return go_to(f"/alerts/{public_id}")
    return go_to(path_of(alert))


@blueprint.post("/profile/reminders")
@login_required
def choose_reminders() -> BaseResponse:
    """Which optional reminders the person wants; of types that their roles never get, no word."""
    form = RemindersForm()
    if not form.validate():
        abort(400)
    email, roles = person().email, {one.role for one in person().memberships}
    offered = set(preferences.offered(roles))
    with transaction() as session:
        kept = {name for name, on in preferences.wanted(session, email).items() if on} - offered
        preferences.choose(session, email, kept | offered & set(form.reminders.data), now=now())
    flash(_("Saved."), "success")
    return go_to("/profile#reminders")


@blueprint.get("/notifications/unsubscribe/<token>")
def ask_unsubscribe(token: str) -> Response:
    """What the link of a mail shows to people: one button. Looking at it changes nothing."""
    return _unsubscribe_page(token, done=False)


@blueprint.post("/notifications/unsubscribe/<token>")
@csrf.exempt
def unsubscribe(token: str) -> Response:
    """End these reminders, without signing in: mail programs post here by themselves (RFC 8058)."""
    if known := preferences.read_token(token):
        with transaction() as session:
            preferences.mute(session, *known, now=now())
    return _unsubscribe_page(token, done=True)


def _unsubscribe_page(token: str, *, done: bool) -> Response:
    known = preferences.read_token(token)
    if known is None:
        abort(404)
    labels = [types()[name].label() for name in known[1]]
    return render("alerts/unsubscribe.html", labels=labels, email=known[0], done=done)
