"""Cards of an organization: saved once, named, put in order, switched on or off, removed (L7).

The order is theirs: the first card is the default, the others are its backups (R13b).
"""

from dataclasses import dataclass

from sqlalchemy import Exists, exists, select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import service as billing
from app.billing.models import Card
from app.billing.payment_models import CardSetup, ForgottenCard
from app.billing.payments import told
from app.billing.ports import CardDetails, Hosted
from app.db import insert_once
from app.journal.service import Actor, record
from app.lib.ids import public_id


class NoCard(Exception):
    """The organization has no card of that id."""


@dataclass(frozen=True)
class Wish:
    """A card to be saved: `nonce` names the form, so that sending it twice saves one card."""

    organization_id: int
    nonce: str
    gateway: str
    auto_debit: bool


def has_validated(organization_id: int) -> Exists:
    """Whether an organization has a validated card, as a column (seed-C)."""
    return exists().where(Card.organization_id == organization_id, Card.validated)


def begin_setup(session: Session, wish: Wish, context: Context) -> CardSetup | None:
    """Write down that a card is to be saved, before its gateway is called; the same form once.

    None where another organization sent a form of that name.
    """
    insert_once(
        session, CardSetup, public_id=wish.nonce, organization_id=wish.organization_id,
        gateway=wish.gateway, auto_debit=wish.auto_debit, user_id=context.by.user_id,
        created_at=context.now, looked_up_at=context.now, look_ups=0,
    )  # fmt: skip
    return session.scalars(
        select(CardSetup).where(
            CardSetup.public_id == wish.nonce, CardSetup.organization_id == wish.organization_id
        )
    ).one_or_none()


def send_customer(session: Session, setup_id: int, page: Hosted) -> None:
    """The customer goes on at the gateway's page."""
    setup = _setup(session, setup_id)
    if setup.ended_at is None:
        setup.gateway_ref, setup.hosted_url = page.ref, page.url


def give_up_setup(session: Session, setup_id: int, context: Context) -> bool:
    """No card will come of it; whether it was this call that ended it."""
    setup = _setup(session, setup_id)
    if setup.ended_at is not None:
        return False
    setup.ended_at = context.now
    return True


def add(session: Session, setup_id: int, details: CardDetails, context: Context) -> bool:
    """The card that a setup saved, as the last backup; whether it was this call that added it.

    It may pay at once what could not be paid today (R6).
    """
    owner = session.scalars(
        select(CardSetup.organization_id).where(CardSetup.id == setup_id)
    ).one()  # fmt: skip
    mine = _locked(session, owner)
    setup = _setup(session, setup_id)
    if setup.ended_at is not None:
        return False
    card = Card(
        public_id=public_id(), organization_id=owner, gateway=setup.gateway,
        brand=details.brand, last4=details.last4, exp_month=details.exp_month,
        exp_year=details.exp_year, holder=details.holder, token=details.token, validated=True,
        auto_debit=setup.auto_debit, rank=len(mine),
    )  # fmt: skip
    session.add(card)
    session.flush()
    setup.card_id, setup.ended_at = card.id, context.now
    # Who asked for it, also where a job found that it came.
    by = Actor(user_id=setup.user_id) if setup.user_id else context.by
    _note(session, "card.added", card, by, context)
    if card.auto_debit:
        _may_pay(session, card, context)
    return True


def change(
    session: Session,
    organization_id: int,
    card_public_id: str,
    context: Context,
    *,
    label: str | None,
    auto_debit: bool,
) -> None:
    """Another name, or charged by itself or not; nothing is told where nothing changed. NoCard."""
    _mine, card = _one(session, organization_id, card_public_id)
    if card.label != label:
        card.label = label
        _note(session, "card.named", card, context.by, context, label=label)
    if card.auto_debit != auto_debit:
        card.auto_debit = auto_debit
        event = "card.auto_debit_on" if auto_debit else "card.auto_debit_off"
        _note(session, event, card, context.by, context)
        if auto_debit:
            _may_pay(session, card, context)


def move(
    session: Session, organization_id: int, card_public_id: str, place: int, context: Context
) -> None:
    """Put a card at a place in the order, 0 for the default; beyond the end is the end. NoCard."""
    mine, card = _one(session, organization_id, card_public_id)
    before = mine.index(card)
    place = min(max(place, 0), len(mine) - 1)
    mine.insert(place, mine.pop(before))
    _number(mine)
    if place != before:
        event = "card.made_default" if place == 0 else "card.moved"
        _note(session, event, card, context.by, context, place=place + 1)


def remove(session: Session, organization_id: int, card_public_id: str, context: Context) -> None:
    """Take a card away, and have its gateway forget it. NoCard.

    Whatever names it must have been changed before, in the same transaction.
    """
    mine, card = _one(session, organization_id, card_public_id)
    mine.remove(card)
    _number(mine)
    _note(session, "card.removed", card, context.by, context)
    session.delete(card)
    session.flush()
    # Imported cards may share a token, which must stay good for the others.
    if not session.scalar(select(exists().where(Card.token == card.token))):
        session.add(ForgottenCard(gateway=card.gateway, token=card.token, removed_at=context.now))


def follow_gateway(
    session: Session, gateway: str, token: str, details: CardDetails, context: Context
) -> None:
    """Keep what a gateway knows of a card now (A15), wherever it is known here."""
    same = Card.gateway == gateway, Card.token == token
    owners = session.scalars(select(Card.organization_id).where(*same).distinct()).all()
    billing.forecast_anew(session, owners)
    known = session.scalars(
        select(Card).where(*same).with_for_update().execution_options(populate_existing=True)
    ).all()
    for card in known:
        before = card.exp_month, card.exp_year
        card.exp_month, card.exp_year = details.exp_month, details.exp_year
        card.last4 = details.last4
        if before != (card.exp_month, card.exp_year):
            _note(session, "card.updated", card, context.by, context,
                  until=f"{card.exp_year}-{card.exp_month:02}")  # fmt: skip


def _one(session: Session, organization_id: int, card_public_id: str) -> tuple[list[Card], Card]:
    mine = _locked(session, organization_id)
    card = next((one for one in mine if one.public_id == card_public_id), None)
    if card is None:
        raise NoCard
    return mine, card


def _locked(session: Session, organization_id: int) -> list[Card]:
    """Cards in their order; their wallet is locked first, and what it will pay is due again."""
    billing.forecast_anew(session, [organization_id])
    return list(
        session.scalars(
            select(Card)
            .where(Card.organization_id == organization_id)
            .order_by(Card.rank, Card.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _setup(session: Session, setup_id: int) -> CardSetup:
    return session.scalars(
        select(CardSetup)
        .where(CardSetup.id == setup_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _number(cards: list[Card]) -> None:
    for place, card in enumerate(cards):
        card.rank = place


def _may_pay(session: Session, card: Card, context: Context) -> None:
    wallet_id = billing.ensure_wallet(session, card.organization_id, context.terms.currency)
    # By public id: a row's number may come again once the card is removed.
    billing.funded(session, wallet_id, f"card:{card.public_id}")


def _note(
    session: Session, event: str, card: Card, by: Actor, context: Context, **detail: object
) -> None:
    record(
        session, event, organization_id=card.organization_id, subject=told(card), by=by,
        now=context.now, card=card.public_id, **detail,
    )  # fmt: skip
