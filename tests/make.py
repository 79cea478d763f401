"""Builders of what tests need: each makes one row with sensible defaults, in its own commit.

All need an application context (`db_context`, or `with app.app_context()`), and return plain ids
or small records, so that no test keeps a row across a transaction.
"""

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from argon2 import PasswordHasher
from sqlalchemy import func, insert, select

from app.accounts.models import Account, Member, Organization, User
from app.accounts.operators import appoint
from app.accounts.rules import Plan, Role
from app.billing import service as billing
from app.billing.models import BillingContact, Card
from app.billing.payment_models import Payment
from app.billing.rules import AccountKind, EntryKind, PaymentState, Purpose
from app.db import transaction
from app.domains.models import Domain
from app.domains.registrars import sandbox
from app.domains.rules import EXTERNAL, DomainStatus, extension_of
from app.mailboxes.models import Forwarding, ForwardingDestination, Mailbox
from app.moves.models import Move
from app.operator_tasks.models import OperatorTask
from app.operator_tasks.service import open_task
from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import Kind, Status

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
TODAY = date(2027, 3, 1)
PASSWORD = "correct horse battery"
# The weakest hash there is: tests sign in hundreds of times.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Made:
    """Id of the row, and the public name under which people know it."""

    id: int
    name: str


def user(name: str = "Marie", *, email: str | None = None, language: str | None = None) -> Made:
    """A person whose password is PASSWORD."""
    email = email or f"{name.lower()}{next(_numbers)}@people.example"
    with transaction() as session:
        row = User(
            public_id=f"user-{next(_numbers)}", email=email, name=name, language=language,
            password_hash=_HASH, created_at=NOW,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return Made(row.id, email)


def operator(name: str = "Camille") -> Made:
    """A person of the host, whose password is PASSWORD."""
    person = user(name, language="en")
    with transaction() as session:
        appoint(session, person.name, NOW)
    return person


def task(kind: str = "mail_failed", subject: str = "lost@people.example") -> int:
    """Something that waits for an operator."""
    with transaction() as session:
        open_task(session, kind, subject, now=NOW, mail="Your domain expires")
        return session.scalars(
            select(OperatorTask.id).where(OperatorTask.kind == kind).order_by(OperatorTask.id)
        ).all()[-1]


def organization(name: str = "Acme", *, balance: int = 0, plan: Plan = Plan.PAID) -> Made:
    """An organization with its wallet in euros, its default billing contact, no members."""
    with transaction() as session:
        row = Organization(
            public_id=f"{name.lower()}-{next(_numbers)}", name=name, country="FR", plan=plan,
            created_at=NOW,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(
            BillingContact(
                public_id=f"{row.public_id}-contact",
                organization_id=row.id,
                name=name,
                address="1 rue de la Paix",
                postcode="75002",
                city="Paris",
                country="FR",
                email="compta@people.example",
                is_default=True,
            )
        )
        billing.ensure_wallet(session, row.id, "EUR")
        made = Made(row.id, row.public_id)
    if balance:
        money(made, balance)
    return made


def money(organization: Made, amount: int) -> None:
    """An opening balance, in cents; negative where a test wants a debt."""
    with transaction() as session:
        wallet_id = billing.ensure_wallet(session, organization.id, "EUR")
        opening = billing.ledger_account(session, AccountKind.OPENING, "import", "EUR")
        wallet = billing.wallet_account(session, wallet_id)
        billing.post(
            session, kind=EntryKind.OPENING_BALANCE, ref="test", currency="EUR",
            idem_key=f"test-money-{next(_numbers)}",
            lines=[billing.Line(wallet, amount), billing.Line(opening, -amount)],
            business_date=TODAY, now=NOW,
        )  # fmt: skip
        billing.credit(session, wallet_id, amount)


def member(user: Made, organization: Made, role: Role = Role.OWNER) -> None:
    """A person's role in an organization."""
    with transaction() as session:
        session.add(Member(user_id=user.id, organization_id=organization.id, role=role))


def owner(organization: Made, name: str = "Marie", **more: str) -> Made:
    """A new person who owns the organization."""
    made = user(name, **more)
    member(made, organization)
    return made


def account(organization: Made, name: str = "web") -> Made:
    """A hosting account on the paid plan."""
    with transaction() as session:
        row = Account(
            public_id=f"{name}-{next(_numbers)}", organization_id=organization.id, plan=Plan.PAID,
            created_at=NOW,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return Made(row.id, row.public_id)


def move(account: Made, title: str = "PHP 8.5", due_on: date = date(2027, 4, 1)) -> Made:
    """A move announced for a hosting account."""
    with transaction() as session:
        row = Move(
            public_id=f"move-{next(_numbers)}", account_id=account.id, title=title, due_on=due_on
        )
        session.add(row)
        session.flush()
        return Made(row.id, row.public_id)


def contact(organization: Made, name: str = "Second office") -> Made:
    """A further billing contact, not the default one."""
    with transaction() as session:
        row = BillingContact(
            public_id=f"contact-{next(_numbers)}", organization_id=organization.id, name=name,
            address="2 rue de la Paix", postcode="75002", city="Paris", country="FR",
            email="compta@people.example", is_default=False,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return Made(row.id, row.public_id)


def card(
    organization: Made,
    *,
    exp: tuple[int, int] = (12, 2028),
    token: str = "sandbox:ok",
    holder: str = "Acme",
    validated: bool = True,
) -> Made:
    """A validated card."""
    with transaction() as session:
        row = Card(
            public_id=f"card-{next(_numbers)}", organization_id=organization.id, brand="visa",
            last4="4242", exp_month=exp[0], exp_year=exp[1], holder=holder, token=token,
            validated=validated, auto_debit=True,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return Made(row.id, row.public_id)


def payment(
    organization: Made,
    amount: int = 1200,
    *,
    state: PaymentState = PaymentState.WAITING,
    purpose: Purpose = Purpose.TOP_UP,
    card: Made | None = None,
    gateway: str = sandbox.NAME,
    name: str | None = None,
    **more: object,
) -> Made:
    """A payment as it was left: by default the customer is on the bank's page."""
    with transaction() as session:
        row = Payment(
            public_id=name or f"payment-{next(_numbers)}", organization_id=organization.id,
            wallet_id=billing.ensure_wallet(session, organization.id, "EUR"), gateway=gateway,
            purpose=purpose, state=state, amount=amount, currency="EUR", refunded=0,
            card_id=card.id if card else None, card_told="Visa •••• 4242" if card else None,
            token="sandbox:ok" if card else None, idem_key=f"key-{next(_numbers)}",
            business_date=TODAY, created_at=NOW, looked_up_at=NOW, look_ups=0, **more,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return Made(row.id, row.public_id)


def card_setup(organization: Made) -> Made:
    """A card on its way: its page at the sandbox bank is open. Outside of any transaction."""
    from app.accounts.installation import Context, terms
    from app.billing import card_flows
    from app.billing.cards import Wish
    from app.journal.service import Actor

    name = f"setup{next(_numbers):05}"
    wish = Wish(organization.id, name, "sandbox", auto_debit=True)
    card_flows.begin(wish, Context(NOW, terms(), Actor()))
    return Made(0, name)


def price(kind: Kind, months: int, amount: int, extension: str = "") -> None:
    """A catalogue price in cents."""
    with transaction() as session:
        session.add(Price(kind=kind, extension=extension, months=months, price=amount))


def usual_prices() -> None:
    """Domains .org at 15 € a year; mailboxes at 1 € a month or 10 € a year."""
    price(Kind.DOMAIN, 12, 1500, "org")
    price(Kind.MAILBOX, 1, 100)
    price(Kind.MAILBOX, 12, 1000)


@dataclass(frozen=True)
class MadeService(Made):
    """A domain or mailbox, with its subscription."""

    subscription_id: int | None


def domain(
    organization: Made,
    name: str | None = None,
    *,
    expires_on: date = date(2028, 1, 31),
    on: bool = False,
    payer: Made | None = None,
    external: bool = False,
    account: Made | None = None,
) -> MadeService:
    """A domain at the sandbox registrar, known to its registry; or one registered elsewhere."""
    name = name or f"example{next(_numbers)}.org"
    instant = datetime.combine(expires_on, time(12), UTC)
    with transaction() as session:
        row = Domain(
            name=name, extension=extension_of(name), organization_id=organization.id,
            registrar=EXTERNAL if external else sandbox.NAME, status=DomainStatus.ACTIVE,
            registry_expires_at=None if external else instant, created_at=NOW,
            account_id=account.id if account else None,
        )  # fmt: skip
        session.add(row)
        session.flush()
        if external:
            return MadeService(row.id, name, None)
        sandbox.enrol(session, name, instant)
        subscription = Subscription(
            kind=Kind.DOMAIN, subject=name, organization_id=organization.id, domain_id=row.id,
            expires_on=expires_on, status=Status.ACTIVE, auto_renewal=on,
            auto_renewal_since=NOW if on else None, period_months=12, renewal_months=12,
            billed_organization_id=(payer or organization).id if on else None,
            next_slot_on=TODAY if on else None,
        )  # fmt: skip
        session.add(subscription)
        session.flush()
        return MadeService(row.id, name, subscription.id)


def mailbox(
    domain: MadeService,
    organization: Made,
    local: str = "info",
    *,
    anchor: date = date(2027, 2, 28),
    months: int = 1,
    expires_on: date | None = None,
    on: bool = False,
    payer: Made | None = None,
    renewal_months: int = 1,
    used_bytes: int = 0,
) -> MadeService:
    """A mailbox of `months` since `anchor`; `expires_on` stands for that anchor and 0 months."""
    from app.lib.dates import expiry

    if expires_on:
        anchor, months = expires_on, 0
    address = f"{local}@{domain.name}"
    ends = expiry(anchor, months)
    with transaction() as session:
        subscription = Subscription(
            kind=Kind.MAILBOX, subject=address, organization_id=organization.id,
            domain_id=domain.id, anchor=anchor, months=months, expires_on=ends,
            status=Status.ACTIVE, auto_renewal=on, auto_renewal_since=NOW if on else None,
            period_months=1, renewal_months=renewal_months,
            billed_organization_id=(payer or organization).id if on else None,
            next_slot_on=TODAY if on else None,
        )  # fmt: skip
        session.add(subscription)
        session.flush()
        row = Mailbox(
            address=address, domain_id=domain.id, subscription_id=subscription.id, quota_mib=3072,
            used_bytes=used_bytes, created_at=NOW,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return MadeService(row.id, address, subscription.id)


def forwarding(
    domain: MadeService, local: str = "contact", to: tuple[str, ...] = ("a@b.example",)
) -> Made:
    """A forwarding to one or more addresses."""
    with transaction() as session:
        row = Forwarding(address=f"{local}@{domain.name}", domain_id=domain.id, created_at=NOW)
        row.destinations = [ForwardingDestination(address=address) for address in to]
        session.add(row)
        session.flush()
        return Made(row.id, row.address)


def mailboxes(domain: MadeService, organization: Made, number: int) -> list[int]:
    """Many mailboxes at once, none of which renews by itself; the ids of their rows."""
    ends = [TODAY + timedelta(days=10 + n % 300) for n in range(number)]
    names = [f"box{n:07}@{domain.name}" for n in range(number)]
    with transaction() as session:
        first = (session.scalar(select(func.max(Subscription.id))) or 0) + 1
        session.execute(insert(Subscription), [
            {"id": first + n, "kind": Kind.MAILBOX, "subject": names[n],
             "organization_id": organization.id, "domain_id": domain.id, "anchor": ends[n],
             "months": 0, "expires_on": ends[n], "status": Status.ACTIVE, "period_months": 1,
             "renewal_months": 1, "auto_renewal": False}
            for n in range(number)
        ])  # fmt: skip
        session.execute(insert(Mailbox), [
            {"id": first + n, "address": names[n], "domain_id": domain.id,
             "subscription_id": first + n, "quota_mib": 3072, "used_bytes": n * 2**16,
             "created_at": NOW}
            for n in range(number)
        ])  # fmt: skip
    return list(range(first, first + number))
