"""Reads of domains."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domains.models import Domain


def find(session: Session, organization_ids: Collection[int], name: str) -> Domain | None:
    """The domain of that name if one of the organizations owns it."""
    return session.scalars(
        select(Domain).where(Domain.name == name, Domain.organization_id.in_(organization_ids))
    ).one_or_none()
