"""When and by whom a run of the alerts is, in which terms, and what the host has set."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.accounts import installation
from app.alerts.rules import Delays


@dataclass(frozen=True)
class Context(installation.Context):
    """Handed from the job to everything that one run does; the delays of each type by its name."""

    delays: Mapping[str, Delays]
