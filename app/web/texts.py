"""Texts that people type: as one line, without what nobody sees; mail addresses."""

from email_validator import EmailNotValidError, validate_email


def tidy(text: str | None) -> str:
    """One line without the spaces around and the characters nobody sees (threat 11)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())


def tidy_lines(text: str | None) -> str:
    """The same of several lines."""
    return "\n".join(tidy(line) for line in (text or "").splitlines()).strip()


def mail_address(text: str) -> str | None:
    """The address in lower case with its domain in ASCII; None when mail cannot be sent there."""
    try:
        found = validate_email(
            text, check_deliverability=False, test_environment=True, allow_smtputf8=False
        )
    except EmailNotValidError:
        return None
    return (found.ascii_email or found.normalized).lower()
