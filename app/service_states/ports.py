"""What servers may answer when they are told the state that something shall be in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Applied:
    """It is so from now on."""


@dataclass(frozen=True)
class Refused:
    """The server said no: a person must look."""

    detail: str


@dataclass(frozen=True)
class Unknown:
    """No answer came. It may be so or not; telling it again does no harm (CP18)."""

    detail: str


Answer = Applied | Refused | Unknown
