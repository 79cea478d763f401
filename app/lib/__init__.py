"""What needs only the standard library: time, dates, money, the registry of adapters."""
