"""What is wrong with a file: a place in it and a sentence."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Problem:
    """A sentence about a place such as `mailboxes[3].expires_on`; no place: the whole file."""

    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place else self.sentence


class BadFile(Exception):
    """The file cannot be imported; nothing was changed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def place(steps: Iterable[str | int]) -> str:
    """Where in the file, as a person would point at it: `organizations[0].cards[1].last4`."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            path += f".{step}" if path else step
        else:
            # Escaped, so that a strange key cannot write to the terminal.
            path += f"[{json.dumps(step)}]"
    return path
