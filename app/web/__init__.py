"""What every page shares: language, security, errors, htmx answers, the present instant."""
