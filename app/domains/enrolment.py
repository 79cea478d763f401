"""Names that come with their customer: the sandbox is told of them, registries know theirs."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.domains.registrars import sandbox


def enrol(session: Session, registrar: str, names: Mapping[str, datetime]) -> None:
    """Make names with their expiry instants known at a registrar, in the caller's transaction."""
    if registrar == sandbox.NAME:
        sandbox.enrol_all(session, names)
