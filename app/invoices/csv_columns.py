"""What the CSV files of invoices and proformas hold."""

from datetime import date

from flask_babel import gettext as _

from app.invoices import words
from app.invoices.rules import state_on
from app.web.listing import Found
from app.web.spreadsheet import Cell, decimal


def invoice_head() -> list[str]:
    """The names of the columns of invoices and credit notes."""
    return [
        _("Number"), _("What"), _("Date"), _("Made out to"), _("Amount before VAT"), _("VAT"),
        _("Total with VAT"), _("Currency"),
    ]  # fmt: skip


def invoice_cells(row: Found) -> list[Cell]:
    """The line of an invoice; a credit note's amounts are below zero."""
    return [
        row.number, words.title(row.kind.value), row.issued_on, row.client,
        decimal(row.net, row.currency), decimal(row.vat, row.currency),
        decimal(row.total, row.currency), row.currency,
    ]  # fmt: skip


def proforma_head() -> list[str]:
    """The names of the columns of proformas."""
    return [
        _("Number"), _("State"), _("Date"), _("To be paid by"), _("Made out to"),
        _("Total with VAT"), _("Currency"),
    ]  # fmt: skip


def proforma_cells(row: Found, today: date) -> list[Cell]:
    """The line of a proforma."""
    return [
        row.number, words.state(state_on(row.state, row.expires_on, today)), row.made_on,
        row.expires_on, row.client, decimal(row.total, row.currency), row.currency,
    ]  # fmt: skip
