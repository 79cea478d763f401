"""Rows of a file whose id the portal knows already: what is refused, and what is left as it is.

An import adds; it never changes what is there (but for prices, which are the host's own), so that
a file imported again undoes no choice a customer has made since and moves no money twice.
"""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from pydantic import BaseModel

from app.interchange.problems import Problem
from app.interchange.sentences import quoted
from app.interchange.shape import Document
from app.interchange.standing import ById, Standing

# Written to the file for other reasons than to be compared: secrets, money, lists of their own.
_APART = {"password", "last_login_at", "balance", "members", "billing_contacts", "cards"}


def conflicts(document: Document, standing: Standing) -> Iterator[Problem]:
    """Known rows that claim what is not so, where leaving them as they are would hide a mistake."""
    yield from _settings(document, standing)
    yield from _emails(document, standing)
    for index, row in enumerate(document.organizations):
        place = f"organizations[{index}]"
        yield from _balance(row.id, row.balance, f"{place}.balance", standing)
        for at, contact in enumerate(row.billing_contacts):
            yield from _same(
                standing.contacts, contact.id, "organization", row.id,
                f"{place}.billing_contacts[{at}].id",
            )  # fmt: skip
        for at, card in enumerate(row.cards):
            yield from _same(
                standing.cards, card.id, "organization", row.id, f"{place}.cards[{at}].id"
            )
    for index, account in enumerate(document.accounts):
        yield from _same(
            standing.accounts, account.id, "organization", account.organization,
            f"accounts[{index}].organization",
        )  # fmt: skip
    for index, move in enumerate(document.moves):
        yield from _same(
            standing.moves, move.id, "account", move.account, f"moves[{index}].account"
        )
    yield from _services(document, standing)


def _settings(document: Document, standing: Standing) -> Iterator[Problem]:
    if document.settings is None or not standing.fixed:
        return
    for key, held in standing.settings.items():
        if getattr(document.settings, key) not in (None, held):
            yield Problem(
                f"settings.{key}",
                _("is %(held)s, and fixed since the first organization", held=quoted(held)),
            )


def _emails(document: Document, standing: Standing) -> Iterator[Problem]:
    holders = {row["email"]: name for name, row in standing.users.items()}
    for index, user in enumerate(document.users):
        if holders.get(user.email, user.id) != user.id:
            yield Problem(
                f"users[{index}].email",
                _("%(email)s is already in the portal, under the id %(id)s",
                  email=user.email, id=quoted(holders[user.email])),
            )  # fmt: skip


def _balance(name: str, balance: int, place: str, standing: Standing) -> Iterator[Problem]:
    """The file may give the opening balance, or today's as an export would."""
    held = standing.organizations.get(name)
    if held and balance not in (standing.openings.get(name, 0), held["balance"]):
        yield Problem(
            place,
            _("the organization is already in the portal, with %(held)s; an import moves money"
              " only when it adds an organization", held=held["balance"]),
        )  # fmt: skip


def _same(known: ById, name: str, key: str, value: str, place: str) -> Iterator[Problem]:
    if name in known and known[name][key] != value:
        yield Problem(
            place,
            _("%(name)s is already in the portal and belongs to %(owner)s",
              name=quoted(name), owner=quoted(known[name][key])),
        )  # fmt: skip


def _services(document: Document, standing: Standing) -> Iterator[Problem]:
    for index, domain in enumerate(document.domains):
        place = f"domains[{index}]"
        yield from _same(
            standing.domains, domain.name, "organization", domain.organization,
            f"{place}.organization",
        )  # fmt: skip
        yield from _not_later(standing.domains.get(domain.name), domain.expires_on, place)
    for index, mailbox in enumerate(document.mailboxes):
        place = f"mailboxes[{index}]"
        yield from _taken(standing.forwardings, mailbox.address, f"{place}.address")
        yield from _not_later(standing.mailboxes.get(mailbox.address), mailbox.expires_on, place)
    for index, forwarding in enumerate(document.forwardings):
        yield from _taken(standing.mailboxes, forwarding.address, f"forwardings[{index}].address")


def _not_later(held: dict[str, Any] | None, expires_on: object, place: str) -> Iterator[Problem]:
    """An earlier date is only an old file; a later one would be a period nobody paid for here."""
    if held and held["expires_on"] and expires_on and str(expires_on) > held["expires_on"]:
        yield Problem(
            f"{place}.expires_on",
            _("is already in the portal, paid until %(held)s only", held=held["expires_on"]),
        )


def _taken(known: ById, address: str, place: str) -> Iterator[Problem]:
    if address in known:
        yield Problem(
            place,
            _("%(name)s is already a mailbox or a forwarding of the portal", name=address),
        )


def kept(document: Document, standing: Standing) -> Iterator[Problem]:
    """Where a known row differs from the file: it is left as it is."""
    yield from _rows(document.users, standing.users, "users")
    for index, row in enumerate(document.organizations):
        yield from _organization(row, f"organizations[{index}]", standing)
    yield from _rows(document.organizations, standing.organizations, "organizations")
    yield from _rows(document.accounts, standing.accounts, "accounts")
    yield from _rows(document.domains, standing.domains, "domains", "name")
    yield from _rows(document.mailboxes, standing.mailboxes, "mailboxes", "address")
    yield from _rows(document.forwardings, standing.forwardings, "forwardings", "address")
    yield from _rows(document.moves, standing.moves, "moves")


def _organization(row: Any, place: str, standing: Standing) -> Iterator[Problem]:
    held = standing.organizations.get(row.id)
    if held:
        members = {member["user"]: member for member in held["members"]}
        yield from _rows(row.members, members, f"{place}.members", "user")
    yield from _rows(row.billing_contacts, standing.contacts, f"{place}.billing_contacts")
    yield from _rows(row.cards, standing.cards, f"{place}.cards")


def _rows(rows: Any, known: ById, place: str, key: str = "id") -> Iterator[Problem]:
    for index, row in enumerate(rows):
        held = known.get(getattr(row, key))
        if held:
            yield from _row(row, held, f"{place}[{index}]")


def _row(row: BaseModel, held: dict[str, Any], place: str) -> Iterator[Problem]:
    for key, value in row.model_dump(mode="json", exclude=_APART).items():
        # An export leaves out texts that are empty.
        if value != held.get(key, ""):
            yield Problem(f"{place}.{key}", _shown(held.get(key, "")))


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return str(_("differs in the portal"))
    return str(_("is %(value)s in the portal", value=quoted(value)))
