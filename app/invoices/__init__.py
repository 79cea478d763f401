"""Documents: proformas, invoices, credit notes; their numbers, their VAT, their files."""
