"""/organization: the chosen one's name and its members."""

from flask import Response, abort, flash
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import members, queries, visits
from app.accounts.access import CHOSEN, Membership, actor, chosen, may, person, require
from app.accounts.forms import MemberForm, OrganizationForm, RoleForm
from app.accounts.rules import Right, Role
from app.accounts.views.blueprint import blueprint
from app.accounts.words import role_explained, role_name
from app.db import db, transaction
from app.web.htmx import go_to, render
from app.web.state import now


@blueprint.get("/organization")
@login_required
def organization() -> Response:
    """Name, members and their roles; owners change them here."""
    return _page(_chosen())


@blueprint.post("/organization")
@login_required
def rename_organization() -> Response | BaseResponse:
    """Another name."""
    change = _change()
    form = OrganizationForm()
    if not form.validate():
        return _page(_chosen(), name=form, status=422)
    # Where none was chosen the first by name is shown, which may be another one after this.
    cookie[CHOSEN] = _chosen().public_id
    with transaction() as session:
        members.rename(session, change, form.name.data)
    flash(_("Saved."), "success")
    return go_to("/organization")


@blueprint.post("/organization/members")
@login_required
def add_member() -> Response | BaseResponse:
    """Give a person access. Whether the portal knew them is not told (threat 8)."""
    change = _change()
    form = MemberForm()
    if not form.validate():
        return _page(_chosen(), member=form, status=422)
    try:
        with transaction() as session:
            members.add(session, change, form.email.data, Role(form.role.data))
    except members.AlreadyMember:
        form.email.errors = [_("This person is a member already.")]
        return _page(_chosen(), member=form, status=422)
    except members.TooManyAdded:
        form.email.errors = [_("You have added many people today. Add more tomorrow.")]
        return _page(_chosen(), member=form, status=429)
    flash(_("%(email)s is a member now. A mail tells them how to sign in.",
            email=form.email.data), "success")  # fmt: skip
    return go_to("/organization")


@blueprint.post("/organization/members/<public_id>")
@login_required
def change_member(public_id: str) -> BaseResponse:
    """Another role."""
    change = _change()
    form = RoleForm()
    if not form.validate():
        abort(404)
    try:
        with transaction() as session:
            members.change_role(session, change, public_id, Role(form.role.data))
    except members.Refused as refused:
        _answer(refused)
    else:
        flash(_("Saved."), "success")
    return go_to("/organization")


@blueprint.get("/organization/members/<public_id>/remove")
@login_required
def ask_to_remove_member(public_id: str) -> Response:
    """Asks before somebody loses their access."""
    organization = _chosen()
    require(Right.MANAGE_MEMBERS, organization.organization_id)
    rows = queries.members(db.session(), organization.organization_id)
    row = next((m for m in rows if m.public_id == public_id), None)
    return render("accounts/remove_member.html", member=row) if row else abort(404)


@blueprint.post("/organization/members/<public_id>/remove")
@login_required
def remove_member(public_id: str) -> BaseResponse:
    """Take a member's access."""
    change = _change()
    try:
        with transaction() as session:
            members.remove(session, change, public_id)
    except members.Refused as refused:
        _answer(refused)
        return go_to("/organization")
    flash(_("This person is no longer a member."), "success")
    return go_to("/organization")


def _answer(refused: members.Refused) -> None:
    if isinstance(refused, members.LastOwner):
        flash(_("An organization keeps at least one owner. Make somebody else an owner first."),
              "error")  # fmt: skip
        return
    abort(404)


def _chosen() -> Membership:
    return chosen() or abort(404)


def _change() -> members.Change:
    organization = _chosen()
    require(Right.MANAGE_MEMBERS, organization.organization_id)
    return members.Change(organization.organization_id, actor(), now())


def _page(
    membership: Membership,
    *,
    name: OrganizationForm | None = None,
    member: MemberForm | None = None,
    status: int = 200,
) -> Response:
    return render(
        "accounts/organization.html",
        status=status,
        members=queries.members(db.session(), membership.organization_id),
        may_change=may(Right.MANAGE_MEMBERS, membership.organization_id),
        name=name or OrganizationForm(None, data={"name": membership.name}),
        member=member or MemberForm(formdata=None),
        roles=list(Role),
        role_name=role_name,
        role_explained=role_explained,
        visits=visits.latest(db.session(), membership.organization_id),
        me=person(),
    )
