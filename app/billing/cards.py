"""Which cards count: those that the gateway has validated."""

from sqlalchemy import Exists, exists

from app.billing.models import Card


def has_validated(organization_id: int) -> Exists:
    """Whether an organization has a validated card, as a column (seed-C)."""
    return exists().where(Card.organization_id == organization_id, Card.validated)
