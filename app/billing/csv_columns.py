"""What the CSV file of a statement holds."""

from collections.abc import Callable, Iterator

from flask_babel import gettext as _

from app.billing.statements import Filter, StatementLine, statement
from app.billing.words import KINDS, told
from app.db import reading
from app.web.listing import PART
from app.web.spreadsheet import Cell, decimal


def head() -> list[str]:
    """The names of the columns."""
    return [
        _("What"), _("Date"), _("Amount"), _("Currency"), _("Balance after"), _("Kind"),
        _("Payment"), _("Invoice"),
    ]  # fmt: skip


def parts(organization_id: int, currency: str, wanted: Filter) -> Iterator[list[StatementLine]]:
    """Movements of a wallet, newest first, some at a time, each time in a read of its own."""
    before = None
    while True:
        with reading() as session:
            lines = statement(
                session, organization_id, currency, PART, before=before, wanted=wanted
            )
        yield lines
        if len(lines) < PART:
            return
        before = lines[-1].id


def cells(currency: str) -> Callable[[StatementLine], list[Cell]]:
    """What makes the line of a movement."""

    def line(movement: StatementLine) -> list[Cell]:
        return [
            told(movement),
            movement.business_date,
            decimal(movement.amount, currency),
            currency,
            decimal(movement.after, currency),
            str(KINDS[movement.kind]),
            movement.payment,
            movement.invoice,
        ]

    return line
