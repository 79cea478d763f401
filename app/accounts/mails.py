"""Mails to people about their way in: each is a function that returns subject and text."""

from dataclasses import dataclass

from flask_babel import gettext as _

from app.accounts.rules import Role
from app.accounts.words import role_name
from app.web.state import settings


@dataclass(frozen=True)
class Letter:
    """A mail's subject and plain text."""

    subject: str
    body: str


def forgotten(name: str, token: str) -> Letter:
    """The link that somebody who forgot their password asked for."""
    return _letter(
        _("Choose a new password"),
        name,
        _("Somebody, most likely you, asked for a new password for %(host)s. Choose it here:",
          host=settings().host_name),
        link(token),
        _("The link works once, for two hours. If you did not ask for it, do nothing: your "
          "password stays as it is."),
    )  # fmt: skip


def changed(name: str) -> Letter:
    """Tells somebody that their password is another one now."""
    return _letter(
        _("Your password was changed"),
        name,
        _("The password of your access to %(host)s was just changed, and all other browsers were "
          "signed out.", host=settings().host_name),
        _("If this was not you, choose a new password at once:"),
        f"{settings().public_url}/password/forgotten",
    )  # fmt: skip


def invitation(name: str, organization: str, role: Role, token: str) -> Letter:
    """Asks somebody new to choose their first password."""
    return _letter(
        _("Your access to %(organization)s", organization=organization),
        name,
        _granted(organization, role),
        _("Choose your password here:"),
        link(token),
        _("The link works once, for seven days. After that, ask for a new one at %(url)s",
          url=f"{settings().public_url}/password/forgotten"),
    )  # fmt: skip


def added(name: str, organization: str, role: Role) -> Letter:
    """Tells somebody who has a password already where they now belong as well."""
    return _letter(
        _("Your access to %(organization)s", organization=organization),
        name,
        _granted(organization, role),
        _("Sign in as usual:"),
        f"{settings().public_url}/login",
    )


def _granted(organization: str, role: Role) -> str:
    return str(
        _(
            "You now have access to %(organization)s at %(host)s. Your role: %(role)s.",
            organization=organization,
            host=settings().host_name,
            role=role_name(role),
        )
    )


def link(token: str) -> str:
    """The address at which a password is chosen."""
    return f"{settings().public_url}/password/{token}"


def _letter(subject: str, name: str, *paragraphs: str) -> Letter:
    greeting = _("Hello %(name)s,", name=name)
    return Letter(subject, "\n\n".join((greeting, *paragraphs, settings().host_name)) + "\n")
