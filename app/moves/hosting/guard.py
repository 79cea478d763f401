"""The guard around every hosting server: no call to the outside inside a database transaction."""

from collections.abc import Sequence

from app.db import require_no_transaction
from app.moves.ports import AccountState, Begun, Hosting, MoveOrder, Progress
from app.service_states.ports import Answer, Refused, Unknown


class GuardedHosting:
    """Passes calls on, unless a transaction is open: a rollback could not undo them."""

    def __init__(self, server: Hosting) -> None:
        self._server = server

    def tell(self, wanted: Sequence[AccountState]) -> Sequence[Answer]:
        """See `Hosting.tell`. Raises TransactionOpen."""
        require_no_transaction()
        return self._server.tell(wanted)

    def held(self, account: str) -> AccountState | Unknown | None:
        """See `Hosting.held`. Raises TransactionOpen."""
        require_no_transaction()
        return self._server.held(account)

    def begin(self, order: MoveOrder) -> Begun | Refused | Unknown:
        """See `Hosting.begin`. Raises TransactionOpen."""
        require_no_transaction()
        return self._server.begin(order)

    def progress(self, key: str) -> Progress:
        """See `Hosting.progress`. Raises TransactionOpen."""
        require_no_transaction()
        return self._server.progress(key)
