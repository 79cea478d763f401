"""Moves: scheduled technical migrations of an account."""
