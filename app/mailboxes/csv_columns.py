"""What the CSV file of a list of mailboxes holds."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from flask_babel import gettext as _

from app.mailboxes.words import MIB
from app.subscriptions import words
from app.web.listing import Found
from app.web.spreadsheet import Cell


def head() -> list[str]:
    """The names of the columns."""
    return [
        _("Address"),
        _("Used space (MB)"),
        _("Quota (MB)"),
        _("Expiry date"),
        _("Auto-renewal"),
        _("Frequency"),
        _("Billed organization"),
        _("Verdict"),
    ]


def cells() -> Callable[[Found], list[Cell]]:
    """What makes the line of a mailbox."""
    on, off = _("On"), _("Off")
    # Two words for a million lines: looked up once.
    frequency = lru_cache(words.frequency)

    def line(mailbox: Found) -> list[Cell]:
        return [
            mailbox.address,
            (Decimal(mailbox.used_bytes) / MIB).quantize(Decimal("0.01")),
            mailbox.quota_mib,
            mailbox.expires_on,
            on if mailbox.auto_renewal else off,
            frequency(mailbox.renewal_months),
            mailbox.payer,
            words.verdict(mailbox) or None,
        ]

    return line
