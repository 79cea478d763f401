"""The engine: slots, attempts, payment, recovery."""
