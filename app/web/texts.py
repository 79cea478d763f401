"""Texts that people type: as one line, without what nobody sees."""


def tidy(text: str | None) -> str:
    """One line without the spaces around and the characters nobody sees (threat 11)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text or "").split())
