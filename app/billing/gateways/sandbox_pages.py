"""Pages of the sandbox gateway: opened by the portal, finished by the customer, each once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.billing.gateways import sandbox_bank as bank
from app.billing.gateways import sandbox_events as events
from app.billing.gateways.sandbox_models import PageState, SandboxCard, SandboxPage
from app.billing.ports import EventKind, Money, Payer
from app.db import insert_once
from app.lib.ids import public_id

LIFE = timedelta(hours=24)
_RUNNING = (PageState.OPEN, PageState.CONFIRMING)
# What a card of each behaviour looks like, so that people can tell them apart.
_LOOKS = {
    "ok": ("visa", "4242"), "declined": ("mastercard", "0002"), "stolen": ("visa", "9979"),
    "sca": ("visa", "3184"), "timeout": ("mastercard", "4444"), "down": ("amex", "0341"),
}  # fmt: skip


class Step(StrEnum):
    """What a customer sees next."""

    BACK = "back"
    CONFIRM = "confirm"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    LOST = "lost"


@dataclass(frozen=True)
class Wanted:
    """A page that the portal asks for; without money it saves a card."""

    payer: Payer
    money: Money | None
    key: str
    done_url: str
    cancel_url: str


@dataclass(frozen=True)
class Choice:
    """The card that a customer makes up."""

    behaviour: str
    holder: str
    exp_month: int
    exp_year: int


def open_page(session: Session, wanted: Wanted, now: datetime) -> str | None:
    """The page of a key, opened where it has none; None when the key opened another one."""
    amount = wanted.money.amount if wanted.money else None
    currency = wanted.money.currency if wanted.money else None
    insert_once(
        session, SandboxPage, ref=public_id(), idem_key=wanted.key, payer_id=wanted.payer.id,
        payer_name=wanted.payer.name, amount=amount, currency=currency, done_url=wanted.done_url,
        cancel_url=wanted.cancel_url, state=PageState.OPEN, opened_at=now,
    )  # fmt: skip
    page = session.scalars(select(SandboxPage).where(SandboxPage.idem_key == wanted.key)).one()
    same = (page.payer_id, page.amount, page.currency) == (wanted.payer.id, amount, currency)
    return page.ref if same else None


def find(session: Session, ref: str, now: datetime) -> SandboxPage | None:
    """A page, locked; left when it was open for more than a day."""
    return _found(session, SandboxPage.ref == ref, now)


def find_by_key(session: Session, key: str, now: datetime) -> SandboxPage | None:
    """The same by the key with which it was asked for."""
    return _found(session, SandboxPage.idem_key == key, now)


def choose(session: Session, page: SandboxPage, choice: Choice, now: datetime) -> Step:
    """The customer's card: saved, or charged as it behaves. An ended page stays as it ended."""
    if page.state not in _RUNNING:
        return Step.BACK
    if page.amount is not None:
        if choice.behaviour == "down":
            return Step.UNREACHABLE
        if choice.behaviour in ("declined", "stolen"):
            return Step.DECLINED
    page.token = f"{bank.NAME}:{choice.behaviour}:{public_id()}"
    brand, last4 = _LOOKS[choice.behaviour]
    session.add(
        SandboxCard(
            token=page.token, brand=brand, last4=last4, exp_month=choice.exp_month,
            exp_year=choice.exp_year, holder=choice.holder, forgotten=False,
        )
    )  # fmt: skip
    if choice.behaviour == "sca":
        page.state = PageState.CONFIRMING
        return Step.CONFIRM
    _finish(session, page, now)
    return Step.LOST if page.amount is not None and choice.behaviour == "timeout" else Step.BACK


def confirm(session: Session, page: SandboxPage, now: datetime) -> None:
    """The customer confirmed at the bank."""
    if page.state is PageState.CONFIRMING:
        _finish(session, page, now)


def end(session: Session, page: SandboxPage, state: PageState, now: datetime) -> None:
    """The bank refused, or the customer left: nothing is saved or taken any more."""
    if page.state in _RUNNING:
        page.state = state
        _note(session, page, now)


def way_back(page: SandboxPage) -> str:
    """Where the customer is sent from a page that has ended."""
    return page.cancel_url if page.state is PageState.LEFT else page.done_url


def _found(session: Session, which: ColumnElement[bool], now: datetime) -> SandboxPage | None:
    page = session.scalars(
        select(SandboxPage).where(which).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if page is not None and page.state in _RUNNING and now >= page.opened_at + LIFE:
        page.state = PageState.LEFT
    return page


def _finish(session: Session, page: SandboxPage, now: datetime) -> None:
    page.state = PageState.DONE
    if page.amount is None:
        _note(session, page, now)
        return
    assert page.token is not None
    assert page.currency is not None
    asked = bank.Charging(page.idem_key, page.token, Money(page.amount, page.currency))
    bank.charge_once(session, asked, None, now)


def _note(session: Session, page: SandboxPage, now: datetime) -> None:
    kind = EventKind.SETUP if page.amount is None else EventKind.PAYMENT
    events.note(session, kind, page.ref, page.idem_key, now)
