"""Import of a document in the caller's transaction: check it, then add what is not there."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.installation import forget_terms, terms
from app.accounts.models import Installation
from app.billing.service import forecast_anew
from app.interchange import checks, customers, differences, services
from app.interchange.adding import Adding, Hashes
from app.interchange.problems import BadFile, Problem
from app.interchange.shape import Document
from app.interchange.standing import Standing, standing_for_staff
from app.journal.service import HOST, record
from app.mailboxes import states as mail_states

# Each key of the file after those that it names.
STEPS: Mapping[str, Callable[[Adding], int]] = {
    "prices": services.add_prices,
    "users": customers.add_users,
    "organizations": customers.add_organizations,
    "members": customers.add_members,
    "billing_contacts": customers.add_contacts,
    "cards": customers.add_cards,
    "accounts": customers.add_accounts,
    "domains": services.add_domains,
    "mailboxes": services.add_mailboxes,
    "forwardings": services.add_forwardings,
    "moves": services.add_moves,
}


@dataclass(frozen=True)
class Outcome:
    """What an import did: new rows by key of the file, and where known rows differ from it.

    A price that was there at another amount counts as new.
    """

    added: Mapping[str, int]
    kept: list[Problem]
    settled: bool

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.settled or bool(self.added)


def passwords_to_hash(
    document: Document, standing: Standing
) -> tuple[dict[str, str], dict[str, str]]:
    """Passwords in clear of what is new: by user id, by mailbox address."""
    users = {
        row.id: row.password
        for row in document.users
        if row.password is not None and row.id not in standing.users
    }
    mailboxes = {
        row.address: row.password
        for row in document.mailboxes
        if row.password is not None and row.address not in standing.mailboxes
    }
    return users, mailboxes


def check(document: Document, standing: Standing, registrars: Collection[str]) -> None:
    """Raise BadFile with every problem of the document, with itself and with what is there."""
    found = [
        *checks.problems(document, standing, registrars),
        *differences.conflicts(document, standing),
    ]
    if found:
        raise BadFile(found)


def load(
    session: Session,
    document: Document,
    hashes: Hashes,
    *,
    registrars: Collection[str],
    source: str,
    now: datetime,
) -> Outcome:
    """Add what the portal does not have yet. Raises BadFile before the first write.

    `source` is the file's name, for the journal.
    """
    # One import at a time: what is checked must still hold when it is written.
    session.execute(select(Installation.id).with_for_update())
    standing = standing_for_staff(session, terms(session), document)
    check(document, standing, registrars)
    settled = _settle(session, document, standing)
    chosen = terms(session)
    adding = Adding(session, document, standing, hashes, chosen.currency, chosen.today(now), now)
    counts = {key: step(adding) for key, step in STEPS.items()}
    added = {key: count for key, count in counts.items() if count}
    outcome = Outcome(added, list(differences.kept(document, standing)), settled)
    if outcome.changed:
        # A file may bring mailboxes that have expired.
        mail_states.follow_everything(session)
        # Prices, services and choices all bear on what wallets will pay.
        forecast_anew(session)
        record(
            session, "installation.imported", organization_id=None, subject=source[-320:],
            by=HOST, now=now, **added,
        )  # fmt: skip
    return outcome


def _settle(session: Session, document: Document, standing: Standing) -> bool:
    """Set currency and zone, which stay open until there is an organization; whether it did."""
    given = {
        key: value
        for key, held in standing.settings.items()
        if (value := getattr(document.settings, key, None)) not in (None, held)
    }
    if given:
        session.execute(update(Installation).values(**given))
        forget_terms()
    return bool(given)
