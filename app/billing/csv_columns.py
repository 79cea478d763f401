"""What the CSV file of a statement holds."""

from collections.abc import Callable, Iterator

from flask_babel import gettext as _

from app.billing.queries import StatementLine, statement
from app.billing.rules import EntryKind
from app.db import reading
from app.web.listing import PART
from app.web.spreadsheet import Cell, decimal


def head() -> list[str]:
    """The names of the columns."""
    return [_("What"), _("Date"), _("Amount"), _("Currency"), _("Balance after")]


def parts(organization_id: int, currency: str) -> Iterator[list[StatementLine]]:
    """All movements of a wallet, newest first, some at a time, each time in a read of its own."""
    before = None
    while True:
        with reading() as session:
            lines = statement(session, organization_id, currency, PART, before)
        yield lines
        if len(lines) < PART:
            return
        before = lines[-1].id


def cells(currency: str) -> Callable[[StatementLine], list[Cell]]:
    """What makes the line of a movement."""

    def line(movement: StatementLine) -> list[Cell]:
        return [
            _told(movement),
            movement.business_date,
            decimal(movement.amount, currency),
            currency,
            decimal(movement.after, currency),
        ]

    return line


def _told(movement: StatementLine) -> str:
    if movement.kind is EntryKind.RENEWAL:
        return f"{_('Renewal of')} {movement.ref}"
    return str(_("Opening balance"))
