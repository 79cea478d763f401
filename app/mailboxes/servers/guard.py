"""The guard around every mail server: no call to the outside inside a database transaction."""

from collections.abc import Sequence

from app.db import require_no_transaction
from app.mailboxes.ports import ForwardingState, MailboxState, MailServer, Wanted
from app.service_states.ports import Answer, Unknown


class GuardedMailServer:
    """Passes calls on, unless a transaction is open: a rollback could not undo them."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def tell(self, wanted: Sequence[Wanted]) -> Sequence[Answer]:
        """See `MailServer.tell`. Raises TransactionOpen."""
        require_no_transaction()
        return self._server.tell(wanted)

    def held(self, address: str) -> MailboxState | ForwardingState | Unknown | None:
        """See `MailServer.held`. Raises TransactionOpen."""
        require_no_transaction()
        return self._server.held(address)
