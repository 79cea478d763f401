"""Adds new services: prices, domains, mailboxes, forwardings, moves."""

from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Table, insert, select, update

from app.accounts.models import Account, Organization
from app.billing.models import BillingContact, Card
from app.domains.enrolment import enrol
from app.domains.models import Domain
from app.domains.rules import DomainStatus, extension_of
from app.interchange import shape
from app.interchange.adding import Adding
from app.interchange.standing import price_key
from app.lib.dates import months_until
from app.mailboxes.models import Forwarding, ForwardingDestination, Mailbox
from app.moves.models import Move
from app.renewals.announcements import note_first
from app.renewals.rules import next_attempt_day
from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import MONTHS, Kind, status_on


def add_prices(adding: Adding) -> int:
    """New prices and changed ones: the catalogue is the host's own, so the file's word counts."""
    changed = 0
    for row in adding.document.prices:
        held = adding.standing.prices.get(price_key(row.model_dump(mode="json")))
        if held == row.price:
            continue
        changed += 1
        what = _what(row)
        if held is None:
            adding.write(Price, [{**what, "price": row.price}])
        else:
            note_first(adding.session)
            adding.session.execute(update(Price).filter_by(**what).values(price=row.price))
    return changed


def _what(row: shape.DomainPrice | shape.MailboxPrice) -> dict[str, Any]:
    if isinstance(row, shape.DomainPrice):
        return {"kind": Kind.DOMAIN, "extension": row.extension, "months": 12 * row.years}
    return {"kind": Kind.MAILBOX, "extension": "", "months": MONTHS[row.period]}


def add_domains(adding: Adding) -> int:
    """New names, their subscriptions, and what the sandbox's registry has to know of them."""
    fresh = [row for row in adding.document.domains if row.name not in adding.standing.domains]
    owners, accounts = adding.ids(Organization), adding.ids(Account)
    adding.write(
        Domain,
        [
            {
                "name": row.name, "extension": extension_of(row.name),
                "organization_id": owners[row.organization],
                "account_id": accounts[row.account] if row.account is not None else None,
                "registrar": row.registrar, "status": DomainStatus.ACTIVE,
                "registry_expires_at": _noon(row.expires_on) if row.expires_on else None,
                "created_at": adding.now,
            }
            for row in fresh
        ],
    )  # fmt: skip
    ours = [row for row in fresh if row.expires_on is not None]
    adding.write(Subscription, _domain_subscriptions(adding, ours))
    for registrar, rows in groupby(
        sorted(ours, key=lambda row: row.registrar), key=lambda row: row.registrar
    ):
        names = {row.name: _noon(row.expires_on) for row in rows if row.expires_on is not None}
        enrol(adding.session, registrar, names)
    return len(fresh)


def _noon(day: date) -> datetime:
    # The hour is the registry's affair; any hour of that day in UTC keeps the date (R9).
    return datetime.combine(day, time(12), UTC)


def _domain_subscriptions(adding: Adding, rows: list[shape.Domain]) -> list[dict[str, Any]]:
    owners, names = adding.ids(Organization), adding.ids(Domain, "name")
    contacts, cards = adding.ids(BillingContact), adding.ids(Card)
    made = []
    for row in rows:
        renewal = row.auto_renewal
        assert row.expires_on is not None
        assert renewal is not None
        contact, card = renewal.billing_contact, renewal.card
        made.append(
            {
                "kind": Kind.DOMAIN, "subject": row.name, "domain_id": names[row.name],
                "organization_id": owners[row.organization],
                "period_months": 12, "renewal_months": 12 * renewal.years,
                "billing_contact_id": contacts[contact] if contact is not None else None,
                "card_id": cards[card] if card is not None else None,
                **_choice(adding, renewal, Kind.DOMAIN, row.expires_on, owners),
            }
        )  # fmt: skip
    return made


def _choice(
    adding: Adding,
    renewal: shape.DomainRenewal | shape.MailboxRenewal,
    kind: Kind,
    expires_on: date,
    owners: dict[str, int],
) -> dict[str, Any]:
    """Columns that domains and mailboxes fill alike. After expiry nothing is tried (R6)."""
    payer = renewal.billed_organization
    return {
        "expires_on": expires_on,
        "status": status_on(kind, expires_on, adding.today),
        "auto_renewal": renewal.on,
        "auto_renewal_since": adding.now if renewal.on else None,
        "billed_organization_id": owners[payer] if payer is not None else None,
        "next_slot_on": next_attempt_day(kind, expires_on, adding.today) if renewal.on else None,
    }


def add_mailboxes(adding: Adding) -> int:
    """New mailboxes, each with its subscription."""
    fresh = [
        row for row in adding.document.mailboxes if row.address not in adding.standing.mailboxes
    ]
    if not fresh:
        return 0
    owners = adding.ids(Organization)
    names = {
        name: (domain_id, owner)
        for name, domain_id, owner in adding.session.execute(
            select(Domain.name, Domain.id, Domain.organization_id)
        )
    }
    homes = [names[row.address.rpartition("@")[2]] for row in fresh]
    table = cast(Table, Subscription.__table__)
    subscriptions: dict[str, int] = dict(
        adding.session.execute(
            insert(table).returning(table.c.subject, table.c.id),
            [
                _mailbox_subscription(adding, row, home, owners)
                for row, home in zip(fresh, homes, strict=True)
            ],
        ).all()
    )  # fmt: skip
    return adding.write(
        Mailbox,
        [
            {
                "address": row.address, "domain_id": domain_id,
                "subscription_id": subscriptions[row.address], "quota_mib": row.quota_mib,
                "used_bytes": 0, "password_hash": adding.hashes.mailboxes.get(row.address),
                "created_at": adding.now,
            }
            for row, (domain_id, _owner) in zip(fresh, homes, strict=True)
        ],
    )  # fmt: skip


def _mailbox_subscription(
    adding: Adding, row: shape.Mailbox, home: tuple[int, int], owners: dict[str, int]
) -> dict[str, Any]:
    renewal = row.auto_renewal
    assert renewal is not None
    domain_id, owner = home
    return {
        "kind": Kind.MAILBOX, "subject": row.address, "domain_id": domain_id,
        "organization_id": owner, "anchor": row.anchor,
        "months": months_until(row.anchor, row.expires_on),
        "period_months": MONTHS[row.period],
        "renewal_months": MONTHS[renewal.period or row.period],
        **_choice(adding, renewal, Kind.MAILBOX, row.expires_on, owners),
    }  # fmt: skip


def add_forwardings(adding: Adding) -> int:
    """New forwardings with their destinations, in the order of the file."""
    fresh = [
        row for row in adding.document.forwardings
        if row.address not in adding.standing.forwardings
    ]  # fmt: skip
    if not fresh:
        return 0
    names = adding.ids(Domain, "name")
    adding.write(
        Forwarding,
        [
            {
                "address": row.address, "domain_id": names[row.address.rpartition("@")[2]],
                "created_at": adding.now,
            }
            for row in fresh
        ],
    )  # fmt: skip
    ids = adding.ids(Forwarding, "address")
    adding.write(
        ForwardingDestination,
        [
            {"forwarding_id": ids[row.address], "address": address}
            for row in fresh
            for address in row.to
        ],
    )
    return len(fresh)


def add_moves(adding: Adding) -> int:
    """New moves."""
    accounts = adding.ids(Account)
    return adding.write(
        Move,
        [
            {
                "public_id": row.id, "account_id": accounts[row.account], "title": row.title,
                "due_on": row.due_on, "description": row.description, "changes": row.changes,
            }
            for row in adding.document.moves
            if row.id not in adding.standing.moves
        ],
    )  # fmt: skip
