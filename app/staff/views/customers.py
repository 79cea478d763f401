"""/staff/organizations: finding a customer, and looking at their pages as they see them."""

from flask import Response, abort, flash, request
from flask import session as cookie
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import visits
from app.accounts.access import CHOSEN, person
from app.accounts.words import role_name
from app.db import db, transaction
from app.staff import queries
from app.staff.forms import VisitForm
from app.staff.views.blueprint import blueprint
from app.web.htmx import go_to, render
from app.web.listing import Links
from app.web.listing import show as show_list
from app.web.state import now


@blueprint.get("/organizations")
def organizations() -> Response:
    """All customers by name; searched by names, and by how a domain or an address begins."""
    session, text = db.session(), request.args.get("q", "").replace("\0", "").strip()[:254]
    wish = queries.CUSTOMERS.wish(request.args)
    page = queries.customers_for_staff(session, text, wish)
    filters = {"q": text} if text else {}
    links = Links("/staff/organizations", queries.CUSTOMERS, wish, page, filters)
    return show_list("staff/organizations.html", links, customers=page.rows)


@blueprint.get("/organizations/<public_id>")
def organization(public_id: str) -> Response:
    """One customer: members, money, what is open, and the way to their pages."""
    return _page(public_id, VisitForm(formdata=None))


@blueprint.post("/organizations/<public_id>/visit")
def visit(public_id: str) -> Response | BaseResponse:
    """Look at their pages for an hour at most, changing nothing; they can see it."""
    form = VisitForm()
    if not form.validate():
        return _page(public_id, form, status=422)
    customer = queries.customer_for_staff(db.session(), public_id) or abort(404)
    with transaction() as session:
        visitor = visits.Visitor(person().user_id, person().token)
        visits.begin(session, visitor, customer.id, form.reason.data, now=now())
    cookie[CHOSEN] = public_id
    return go_to("/")


@blueprint.post("/visit/end")
def leave() -> BaseResponse:
    """Back to the operator's own pages."""
    with transaction() as session:
        visits.end(session, person().token, now())
    cookie.pop(CHOSEN, None)
    flash(_("You have left the customer’s pages."), "success")
    return go_to("/staff/organizations")


def _page(public_id: str, form: VisitForm, *, status: int = 200) -> Response:
    session = db.session()
    customer = queries.customer_for_staff(session, public_id) or abort(404)
    return render(
        "staff/organization.html",
        status=status,
        customer=customer,
        members=queries.members_for_staff(session, customer.id),
        visits=visits.latest(session, customer.id),
        role_name=role_name,
        form=form,
    )
