"""Prepaid wallets on a double-entry ledger; billing contacts and cards."""
