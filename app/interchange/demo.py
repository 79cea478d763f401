"""The demo customers: a document made for a day, so that the demo looks alive on any day."""

from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import BigInteger, cast, update
from sqlalchemy.orm import Session

from app.accounts.operators import appoint
from app.lib.dates import add_months, months_until
from app.mailboxes.models import Mailbox

PASSWORD = "vigie-demo"  # noqa: S105 - printed by `flask demo`, in sandboxes only
# Who is worth signing in as, most telling first.
SIGN_INS = (
    "marie@acme.example", "john@northwind.example", "paul@acme.example", "vera@acme.example",
)  # fmt: skip
# One of the host's people; their pages are under /staff.
OPERATOR = "camille@host.example"

Row = dict[str, Any]

FIRST_NAMES = (
    "anne", "bruno", "chloe", "david", "elise", "farid", "gaelle", "hugo", "ines", "jules",
    "karim", "lea", "malik", "nadia", "oscar",
)  # fmt: skip
LAST_NAMES = ("bernard", "dubois", "girard", "lambert", "moreau", "petit", "roux", "simon")


def document(today: date) -> Row:
    """An interchange document of French and English customers, as they stand on `today`."""
    return {
        "vigie": 1,
        "settings": {"currency": "EUR", "business_timezone": "Europe/Paris"},
        "prices": _prices(),
        "users": _users(today),
        "organizations": _organizations(today),
        "accounts": [
            {"id": "acme-web", "organization": "acme", "plan": "paid"},
            {"id": "acme-shop", "organization": "acme", "plan": "paid"},
            {"id": "northwind-web", "organization": "northwind", "plan": "paid"},
            {"id": "jardins-web", "organization": "jardins", "plan": "free"},
        ],
        "domains": _domains(today),
        "mailboxes": [*_staff_of_acme(today), *_some_mailboxes(today)],
        "forwardings": [
            {"address": "contact@acme-demo.fr", "to": ["info@acme-demo.fr"]},
            {"address": "jobs@acme-demo.com",
             "to": ["anne.bernard@acme-demo.com", "bruno.bernard@acme-demo.com"]},
            {"address": "hello@northwind-demo.com", "to": ["john@northwind-demo.com"]},
        ],
        "moves": [
            {"id": "php-8-5", "account": "acme-web", "title": "PHP 8.5",
             "due_on": _day(today, 30),
             "description": "PHP 8.3 ne reçoit plus de corrections : vos sites passent à PHP 8.5.",
             "changes": "Les sites de ce compte fonctionnent avec PHP 8.5.\n"
                        "Ils redémarrent ; cela prend moins d’une minute."},
            {"id": "debian-13", "account": "northwind-web", "title": "Debian 13",
             "due_on": _day(today, 12),
             "description": "Your account moves to a server with Debian 13.",
             "changes": "Its address stays the same.\nSites are down for about a minute."},
        ],
    }  # fmt: skip


def _day(today: date, days: int) -> str:
    return (today + timedelta(days)).isoformat()


def _prices() -> list[Row]:
    names = {"com": 1400, "fr": 1200, "net": 1600, "org": 1500}
    return [
        *({"kind": "domain", "extension": name, "years": 1, "price": price}
          for name, price in names.items()),
        {"kind": "mailbox", "period": "monthly", "price": 100},
        {"kind": "mailbox", "period": "yearly", "price": 1000},
    ]  # fmt: skip


def _users(today: date) -> list[Row]:
    people = (
        ("marie", "Marie Lefèvre", "marie@acme.example", "fr", 1),
        ("john", "John Smith", "john@northwind.example", "en", 3),
        ("paul", "Paul Nguyen", "paul@acme.example", "fr", 8),
        ("vera", "Vera Novak", "vera@acme.example", "en", 20),
        ("lucie", "Lucie Duval", "lucie@atelier-duval.example", "fr", 45),
        ("rose", "Rose Martin", "rose@jardins.example", "fr", 118),
        ("simon", "Simon Brun", "simon@studio-brun.example", "fr", 12),
        ("camille", "Camille Hébert", OPERATOR, "fr", 2),
    )
    return [
        {
            "id": name, "email": email, "name": full, "language": language, "password": PASSWORD,
            "last_login_at": f"{_day(today, -days)}T09:00:00+00:00",
        }
        for name, full, email, language, days in people
    ]  # fmt: skip


def _organizations(today: date) -> list[Row]:
    return [
        {
            "id": "acme", "name": "Acme SARL", "country": "FR", "plan": "paid", "balance": 24000,
            "members": [
                {"user": "marie", "role": "owner"},
                {"user": "paul", "role": "technical"},
                {"user": "vera", "role": "viewer"},
            ],
            "billing_contacts": [
                _contact("acme-main", "Acme SARL", "compta@acme.example",
                         ("1 rue de la Paix", "75002", "Paris", "FR"), vat_id="FR40303265045"),
                _contact("acme-shop", "Acme Boutique", "boutique@acme.example",
                         ("12 rue du Port", "44000", "Nantes", "FR")),
            ],
            "cards": [
                _card("acme-visa", "visa", "4242", (12, today.year + 2), "Acme SARL"),
                _card("acme-mastercard", "mastercard", "4444", (today.month, today.year),
                      "Marie Lefèvre", auto_debit=False),
            ],
        },
        {
            "id": "atelier-duval", "name": "Atelier Duval", "country": "FR", "plan": "paid",
            "balance": 350,
            "members": [{"user": "lucie", "role": "owner"}, {"user": "marie", "role": "billing"}],
            "billing_contacts": [
                _contact("duval-main", "Atelier Duval", "lucie@atelier-duval.example",
                         ("8 quai des Tanneurs", "67000", "Strasbourg", "FR")),
            ],
        },
        {
            "id": "northwind", "name": "Northwind Ltd", "country": "GB", "plan": "paid",
            "balance": 4000,
            "members": [{"user": "john", "role": "owner"}, {"user": "vera", "role": "technical"}],
            "billing_contacts": [
                _contact("northwind-main", "Northwind Ltd", "accounts@northwind.example",
                         ("5 Harbour Road", "BS1 4RN", "Bristol", "GB")),
            ],
            "cards": [_card("northwind-visa", "visa", "1881", (6, today.year + 1), "John Smith")],
        },
        {
            "id": "jardins", "name": "Association Les Jardins", "country": "FR", "plan": "free",
            "members": [{"user": "rose", "role": "owner"}],
            "billing_contacts": [
                _contact("jardins-main", "Association Les Jardins", "rose@jardins.example",
                         ("3 place de l’Église", "35000", "Rennes", "FR")),
            ],
        },
        {
            "id": "studio-brun", "name": "Studio Brun", "country": "FR", "plan": "paid",
            "balance": -1250,
            "members": [{"user": "simon", "role": "owner"}],
            "billing_contacts": [
                _contact("brun-main", "Studio Brun", "simon@studio-brun.example",
                         ("27 cours Lafayette", "69003", "Lyon", "FR")),
            ],
            "cards": [
                _card("brun-visa", "visa", "0002", (3, today.year + 3), "Simon Brun",
                      token="sandbox:declined"),  # noqa: S106 - a behaviour
            ],
        },
    ]  # fmt: skip


def _contact(
    name: str, full: str, email: str, place: tuple[str, str, str, str], vat_id: str | None = None
) -> Row:
    address, postcode, city, country = place
    return {
        "id": name, "name": full, "address": address, "postcode": postcode, "city": city,
        "country": country, "vat_id": vat_id, "email": email,
    }  # fmt: skip


def _card(
    name: str, brand: str, last4: str, last_month: tuple[int, int], holder: str,
    *, token: str = "sandbox:ok", auto_debit: bool = True,  # noqa: S107 - a behaviour
) -> Row:  # fmt: skip
    month, year = last_month
    return {
        "id": name, "brand": brand, "last4": last4, "exp_month": month, "exp_year": year,
        "holder": holder, "token": token, "validated": True, "auto_debit": auto_debit,
    }  # fmt: skip


def _domains(today: date) -> list[Row]:
    def ours(
        name: str, owner: str, days: int, payer: str | None = None, *, account: str | None = None,
        contact: str | None = None, card: str | None = None,
    ) -> Row:  # fmt: skip
        renewal = {
            "on": payer is not None, "years": 1, "billed_organization": payer,
            "billing_contact": contact, "card": card,
        }  # fmt: skip
        return {
            "name": name, "organization": owner, "account": account, "registrar": "sandbox",
            "expires_on": _day(today, days), "auto_renewal": renewal,
        }  # fmt: skip

    return [
        ours("acme-demo.fr", "acme", 40, "acme", account="acme-web", contact="acme-main",
             card="acme-visa"),
        ours("acme-demo.com", "acme", 200, "acme", account="acme-web"),
        ours("acme-boutique-demo.org", "acme", 12, account="acme-shop", contact=None),
        ours("atelier-duval-demo.fr", "atelier-duval", 75, "acme", contact="acme-main"),
        ours("northwind-demo.com", "northwind", 310, account="northwind-web"),
        ours("northwind-demo.net", "northwind", 20, "northwind", account="northwind-web",
             card="northwind-visa"),
        ours("jardins-demo.org", "jardins", 9, "jardins", account="jardins-web"),
        ours("studio-brun-demo.fr", "studio-brun", -4),
        {"name": "acme-shop-demo.net", "organization": "acme", "registrar": "external"},
    ]  # fmt: skip


def _staff_of_acme(today: date) -> list[Row]:
    """Enough mailboxes on one domain to page through, of every expiry and choice."""
    made = []
    for index, (last, first) in enumerate(product(LAST_NAMES, FIRST_NAMES)):
        yearly = index % 3 == 0
        days = 1 + index * 7 % (330 if yearly else 28)
        made.append(
            _mailbox(
                f"{first}.{last}@acme-demo.com", today, days, "acme" if index % 10 < 7 else None,
                yearly=yearly,
            )
        )  # fmt: skip
    return made


def _some_mailboxes(today: date) -> list[Row]:
    return [
        _mailbox("info@acme-demo.fr", today, 24, "acme"),
        _mailbox("compta@acme-demo.fr", today, 3, "acme"),
        _mailbox("ventes@acme-demo.fr", today, 150, "acme", yearly=True),
        _mailbox("stage@acme-demo.fr", today, -3),
        _mailbox("shop@acme-shop-demo.net", today, 17, "acme"),
        _mailbox("lucie@atelier-duval-demo.fr", today, 16, "acme"),
        _mailbox("atelier@atelier-duval-demo.fr", today, 4, "atelier-duval", yearly=True),
        _mailbox("expo@atelier-duval-demo.fr", today, 60, yearly=True),
        _mailbox("john@northwind-demo.com", today, 21, "northwind"),
        _mailbox("office@northwind-demo.com", today, 90, "northwind", yearly=True),
        _mailbox("support@northwind-demo.net", today, 6, "northwind"),
        _mailbox("rose@jardins-demo.org", today, 3, "jardins"),
        _mailbox("simon@studio-brun-demo.fr", today, 10, "studio-brun"),
    ]


def _mailbox(
    address: str, today: date, days: int, payer: str | None = None, *, yearly: bool = False
) -> Row:
    period, months = ("yearly", 12) if yearly else ("monthly", 1)
    expires_on = today + timedelta(days)
    return {
        "address": address, "anchor": _anchor(expires_on, months).isoformat(),
        "expires_on": expires_on.isoformat(), "period": period, "quota_mib": 3072,
        "auto_renewal": {"on": payer is not None, "period": period, "billed_organization": payer},
    }  # fmt: skip


def _anchor(expires_on: date, months: int) -> date:
    """Where periods that end on `expires_on` may have begun; the 31st has no month before (R2)."""
    earlier = add_months(expires_on, -months)
    return expires_on if months_until(earlier, expires_on) is None else earlier


def fill(session: Session, now: datetime) -> None:
    """What no file carries: used space, so that lists look as they do in use, and an operator."""
    appoint(session, OPERATOR, now)
    # Wide from the start: PostgreSQL counts 32-bit columns in 32 bits.
    quota = cast(Mailbox.quota_mib, BigInteger) * 1024 * 1024
    session.execute(
        update(Mailbox).values(used_bytes=quota * (Mailbox.id * 37 % 101) // 104),
        execution_options={"synchronize_session": False},
    )
