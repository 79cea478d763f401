"""The sandbox mail server: a table of its own in this database, with faults on demand.

It is part of the product: the demo, trials and tests run on it. Addresses behave by name:
``server-down@…`` is never answered, ``server-refused@…`` is refused.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.mailboxes.models import SandboxAddress
from app.mailboxes.ports import ForwardingState, MailboxState, NoAddress, Wanted
from app.service_states.ports import Answer, Applied, Refused, Unknown

NAME = "sandbox"


class SandboxMailServer:
    """Does at once what it is told, except for addresses that ask for a fault."""

    def tell(self, wanted: Sequence[Wanted]) -> Sequence[Answer]:
        """Keep each address as it shall be."""
        with transaction() as session:
            names = [one.name for one in wanted]
            known = session.scalars(select(SandboxAddress).where(SandboxAddress.address.in_(names)))
            rows = {row.address: row for row in known}
            return [_fault(one.name) or _keep(session, rows.get(one.name), one) for one in wanted]

    def held(self, address: str) -> MailboxState | ForwardingState | Unknown | None:
        """What was kept."""
        if isinstance(fault := _fault(address), Unknown):
            return fault
        with transaction() as session:
            row = session.get(SandboxAddress, address)
            return _read(row) if row else None


def _fault(address: str) -> Refused | Unknown | None:
    match address.partition("@")[0]:
        case "server-down":
            return Unknown("the sandbox mail server is down")
        case "server-refused":
            return Refused("the sandbox mail server does not like this address")
        case _:
            return None


def _keep(session: Session, row: SandboxAddress | None, wanted: Wanted) -> Applied:
    if row and row.revision > wanted.revision:
        return Applied()
    if not isinstance(wanted, NoAddress):
        _write(session, row or SandboxAddress(address=wanted.name), wanted)
    elif row:
        session.delete(row)
    return Applied()


def _write(session: Session, row: SandboxAddress, wanted: MailboxState | ForwardingState) -> None:
    row.state, row.revision = wanted.state, wanted.revision
    row.quota_mib, row.password_hash, row.destinations = None, None, []
    match wanted:
        case MailboxState():
            row.quota_mib, row.password_hash = wanted.quota_mib, wanted.password_hash
        case ForwardingState():
            row.destinations = list(wanted.destinations)
    session.add(row)


def _read(row: SandboxAddress) -> MailboxState | ForwardingState:
    if row.quota_mib is None:
        return ForwardingState(row.address, row.state, row.revision, tuple(row.destinations))
    return MailboxState(row.address, row.state, row.revision, row.quota_mib, row.password_hash)
