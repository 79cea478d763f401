"""Lists as CSV files for spreadsheets: RFC 4180, and no cell that a spreadsheet would run (S1)."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from io import StringIO
from itertools import chain
from typing import TypeVar

from flask import Response, stream_with_context

from app.lib.money import EXPONENTS
from app.web.i18n import language

# Excel takes a file without it for one in the code page of the machine.
_BOM = "\ufeff"
# Spreadsheets trim spaces before they look, and take full-width signs for their narrow twins. A
# file may be cut at another sign than ours, so what follows any of them counts as a beginning too.
_RUNS = re.compile(r"(^|[,;\t\r\n])(?=\s*[=+\-@\0\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])")

Cell = str | int | Decimal | date | None
Row = TypeVar("Row")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a quote stands before what it would run."""
    return _RUNS.sub(r"\1'", text)


def decimal(minor: int | None, currency: str) -> Decimal | None:
    """Minor units as a number with the decimals of the currency; None stays empty."""
    return None if minor is None else Decimal(minor).scaleb(-EXPONENTS[currency])


def download(
    name: str,
    head: Iterable[str],
    parts: Iterator[list[Row]],
    cells: Callable[[Row], list[Cell]],
) -> Response:
    """A CSV file sent as it is read; `cells` makes the line of a row.

    The first part is read before the answer begins, so that what fails is still an error page.
    """
    parts = chain([next(parts, [])], parts)
    lines = _lines(head, parts, cells)
    answer = Response(stream_with_context(lines), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return answer


def _lines(
    head: Iterable[str], parts: Iterable[list[Row]], cells: Callable[[Row], list[Cell]]
) -> Iterator[str]:
    # A French Excel puts all of a line into one cell unless semicolons cut it.
    delimiter = ";" if language() == "fr" else ","
    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    buffer.write(_BOM)
    writer.writerow([harmless(text) for text in head])
    for rows in parts:
        writer.writerows([_written(cell) for cell in cells(row)] for row in rows)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _written(cell: Cell) -> str | int:
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else cell if isinstance(cell, int) else f"{cell:f}"
