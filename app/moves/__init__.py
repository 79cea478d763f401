"""Hosting accounts as customers see them, and their moves: scheduled technical migrations."""
