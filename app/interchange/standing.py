"""What the portal already holds, as far as a file that is to be imported may touch or name it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.accounts.models import Organization
from app.billing.models import LedgerAccount, LedgerEntry, LedgerTx
from app.billing.rules import AccountKind
from app.interchange.shape import Document
from app.interchange.writing import Part, document_for_staff, past_moves_for_staff

OPENING = "opening:"
# More names than this are not worth a condition.
_MANY = 500

ById = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Standing:
    """Rows of the portal in the file's shape, by id, name or address.

    Contacts and cards also say their `organization`. `openings` are the opening balances posted
    for organizations; `fixed` says whether the settings can no longer change.
    """

    settings: dict[str, str]
    fixed: bool
    prices: dict[tuple[str, ...], int]
    users: ById
    organizations: ById
    contacts: ById
    cards: ById
    accounts: ById
    domains: ById
    mailboxes: ById
    forwardings: ById
    moves: ById
    openings: dict[str, int]


def standing_for_staff(session: Session, terms: Terms, document: Document) -> Standing:
    """What is there now. Mailboxes and forwardings: those on the document's domains."""
    addresses = [row.address for row in document.mailboxes]
    addresses += [row.address for row in document.forwardings]
    names = {address.rpartition("@")[2] for address in addresses}
    part = Part(domain_names=frozenset(names) if len(names) <= _MANY else None)
    held = document_for_staff(session, terms, part)
    return Standing(
        settings=held["settings"],
        fixed=session.scalars(select(exists(select(Organization.id)))).one(),
        prices={price_key(row): row["price"] for row in held["prices"]},
        users=_by(held["users"]),
        organizations=_by(held["organizations"]),
        contacts=_nested(held["organizations"], "billing_contacts"),
        cards=_nested(held["organizations"], "cards"),
        accounts=_by(held["accounts"]),
        domains=_by(held["domains"], "name"),
        mailboxes=_by(held["mailboxes"], "address"),
        forwardings=_by(held["forwardings"], "address"),
        moves=_by([*held["moves"], *past_moves_for_staff(session)]),
        openings=_openings(session),
    )


def price_key(row: dict[str, Any]) -> tuple[str, ...]:
    """What tells one price of the file from another."""
    return tuple(str(value) for key, value in row.items() if key != "price")


def _by(rows: list[dict[str, Any]], key: str = "id") -> ById:
    return {row[key]: row for row in rows}


def _nested(organizations: list[dict[str, Any]], key: str) -> ById:
    return {
        row["id"]: {"organization": owner["id"], **row}
        for owner in organizations
        for row in owner[key]
    }


def _openings(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(LedgerTx.idem_key, LedgerEntry.amount)
        .join(LedgerEntry, LedgerEntry.tx_id == LedgerTx.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerTx.idem_key.startswith(OPENING, autoescape=True),
            LedgerAccount.kind == AccountKind.WALLET,
        )
    )
    return {key.removeprefix(OPENING): amount for key, amount in rows}
