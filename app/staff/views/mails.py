"""/staff/mails: what the portal writes to people, what became of it, and trying it again."""

from flask import Response, abort, flash, make_response, request, url_for
from flask_babel import gettext as _
from flask_babel import pgettext
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor
from app.db import db, transaction
from app.outbox import queries
from app.outbox.queries import MailFilter, StoredMail
from app.outbox.rules import may_be_sent_anew
from app.outbox.service import send_anew
from app.outbox.words import mail_state
from app.staff.forms import TriesForm
from app.staff.rules import masked
from app.staff.views.blueprint import blueprint
from app.web.htmx import go_to, render
from app.web.listing import Links
from app.web.listing import show as show_list
from app.web.state import now

# A mail is shown as mail programs show it, with its own styles, and can do nothing at all.
MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


@blueprint.get("/mails")
def mails() -> Response:
    """All mails, the newest first; by state, and by the beginning of an address."""
    wanted, wish = _filter(), queries.MAILS.wish(request.args)
    page = queries.mails_for_staff(db.session(), wanted, wish)
    filters = {"q": wanted.text, "state": wanted.state}
    links = Links(
        "/staff/mails", queries.MAILS, wish, page,
        {name: value for name, value in filters.items() if value},
    )  # fmt: skip
    return show_list(
        "staff/mails.html", links, mails=page.rows, states=_states(), mail_state=mail_state
    )


@blueprint.get("/mails/<int:mail_id>")
def mail(mail_id: int) -> Response:
    """One mail: what became of it, and what it says, without the secrets of its links."""
    found = _found(mail_id)
    text, html = masked(found.body), found.html or ""
    return render(
        "staff/mail.html",
        mail=found,
        text=text,
        is_masked=(text, masked(html)) != (found.body, html),
        mail_state=mail_state,
        may_be_sent_anew=may_be_sent_anew(found.state),
    )


@blueprint.get("/mails/<int:mail_id>/html")
def mail_html(mail_id: int) -> Response:
    """Its HTML, for a frame of the page above that lets it do nothing."""
    html = _found(mail_id).html or abort(404)
    answer = make_response(masked(html))
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer


@blueprint.post("/mails/<int:mail_id>/again")
def mail_again(mail_id: int) -> BaseResponse:
    """Have it tried at the next tick."""
    form = TriesForm()
    if not form.validate():
        abort(404)
    _found(mail_id)
    by = actor()
    with transaction() as session:
        asked = send_anew(session, mail_id, tries=form.tries.data, by=by, now=now())
    if asked:
        flash(_("It is tried again within a minute."), "success")
    return go_to(url_for("staff.mail", mail_id=mail_id))


def _found(mail_id: int) -> StoredMail:
    return queries.mail_for_staff(db.session(), mail_id) or abort(404)


def _filter() -> MailFilter:
    text, state = request.args.get("q", ""), request.args.get("state", "")
    return MailFilter(
        text.replace("\0", "").strip()[:254], state if state in queries.STATES else ""
    )


def _states() -> list[tuple[str, str]]:
    names = {
        "waiting": pgettext("mail", "Waiting"),
        "sent": pgettext("mail", "Accepted"),
        "failed": pgettext("mail", "Failed"),
        "bounced": pgettext("mail", "Came back"),
    }
    return [("", pgettext("states", "All")), *((name, names[name]) for name in queries.STATES)]
