"""The guard around every registrar: no call to the outside inside a database transaction."""

from datetime import date

from app.db import require_no_transaction
from app.domains.ports import NameInfo, NotOurs, Registrar, Renewed, RenewRefused, Unknown


class GuardedRegistrar:
    """Passes calls on, unless a transaction is open: a rollback could not undo them."""

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    def info(self, name: str) -> NameInfo | NotOurs | Unknown:
        """See `Registrar.info`. Raises TransactionOpen."""
        require_no_transaction()
        return self._registrar.info(name)

    def renew(
        self, name: str, current_expiry: date, years: int, *, fee_limit: int, key: str
    ) -> Renewed | RenewRefused | Unknown:
        """See `Registrar.renew`. Raises TransactionOpen."""
        require_no_transaction()
        return self._registrar.renew(name, current_expiry, years, fee_limit=fee_limit, key=key)
