"""Interchange documents for tests: the example of product.md, and ways to bend it."""

import copy
import json
from typing import Any

EXAMPLE: dict[str, Any] = {
    "vigie": 1,
    "settings": {"currency": "EUR", "business_timezone": "Europe/Paris"},
    "prices": [
        {"kind": "domain", "extension": "org", "years": 1, "price": 1500},
        {"kind": "mailbox", "period": "monthly", "price": 100},
        {"kind": "mailbox", "period": "yearly", "price": 1000},
    ],
    "users": [
        {
            "id": "marie", "email": "marie@example.net", "name": "Marie", "language": "fr",
            "password": "only here in clear, hashed at import",
            "last_login_at": "2026-11-01T09:00:00+01:00",
        },
    ],
    "organizations": [
        {
            "id": "acme", "name": "Acme SARL", "country": "FR", "plan": "paid", "balance": 12000,
            "members": [{"user": "marie", "role": "owner"}],
            "billing_contacts": [
                {
                    "id": "acme-main", "name": "Acme SARL", "address": "1 rue X",
                    "postcode": "75001", "city": "Paris", "country": "FR", "vat_id": None,
                    "email": "compta@example.net", "default": True,
                },
            ],
            "cards": [
                {
                    "id": "acme-visa", "brand": "visa", "last4": "4242", "exp_month": 12,
                    "exp_year": 2028, "holder": "Acme SARL", "token": "sandbox:ok",
                    "validated": True, "auto_debit": True,
                },
            ],
        },
    ],
    "accounts": [{"id": "acme-web", "organization": "acme", "plan": "free"}],
    "domains": [
        {
            "name": "example.org", "organization": "acme", "account": "acme-web",
            "registrar": "sandbox", "expires_on": "2027-03-31",
            "auto_renewal": {
                "on": True, "years": 1, "billed_organization": "acme",
                "billing_contact": "acme-main", "card": "acme-visa",
            },
        },
    ],
    "mailboxes": [
        {
            "address": "info@example.org", "anchor": "2027-01-31", "expires_on": "2027-02-28",
            "period": "monthly", "quota_mib": 3072, "password": None,
            "auto_renewal": {"on": False, "period": "monthly", "billed_organization": "acme"},
        },
    ],
    "forwardings": [{"address": "contact@example.org", "to": ["info@example.org"]}],
    "moves": [
        {"id": "php85", "account": "acme-web", "title": "PHP 8.5", "due_on": "2027-04-01"},
    ],
}  # fmt: skip

MISSING = object()


def example() -> dict[str, Any]:
    """A copy of the example, to be changed at will."""
    return copy.deepcopy(EXAMPLE)


def bent(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The example with values replaced (or removed: MISSING) at places like `users[0].email`.

    An index one past the end of a list adds to it.
    """
    document = example()
    for place, value in changes:
        *path, last = _steps(place)
        spot: Any = document
        for step in path:
            spot = spot[step]
        if value is MISSING:
            del spot[last]
        elif isinstance(last, int) and last == len(spot):
            spot.append(value)
        else:
            spot[last] = value
    return document


def _steps(place: str) -> list[str | int]:
    parts = place.replace("[", ".").replace("]", "").split(".")
    return [int(part) if part.isdigit() else part for part in parts]


def run(app: Any, tmp_path: Any, document: Any, *more: str) -> Any:
    """`flask import` of a document, or of text or bytes as they are; the command's result."""
    file = tmp_path / "given.json"
    if isinstance(document, str | bytes):
        file.write_bytes(document.encode() if isinstance(document, str) else document)
    else:
        file.write_text(json.dumps(document), encoding="utf-8")
    return app.test_cli_runner().invoke(args=["import", str(file), *more])


def imported(app: Any, tmp_path: Any, document: Any) -> Any:
    """The same, of a file that must be good."""
    result = run(app, tmp_path, document)
    assert result.exit_code == 0, result.output
    return result


def exported(app: Any, *more: str) -> dict[str, Any]:
    """What `flask export -` writes."""
    result = app.test_cli_runner().invoke(args=["export", "-", *more])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def everything(session: Any) -> dict[str, list[Any]]:
    """All rows of all tables, to show that nothing changed."""
    from app.db import db

    return {
        table.name: sorted(map(repr, session.execute(table.select())))
        for table in db.metadata.sorted_tables
    }
