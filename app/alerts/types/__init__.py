"""The types of alert: every module here that has a subclass of AlertType is one."""

import pkgutil
from functools import cache
from importlib import import_module

from app.alerts.ports import AlertType


@cache
def types() -> dict[str, AlertType]:
    """All types by name, worst first."""
    found = [kind for module in pkgutil.iter_modules(__path__) for kind in _types_in(module.name)]
    return {one.name: one for one in sorted(found, key=lambda one: (one.severity, one.name))}


def _types_in(module: str) -> list[AlertType]:
    members = vars(import_module(f"{__name__}.{module}")).values()
    return [
        member()
        for member in members
        if isinstance(member, type)
        and issubclass(member, AlertType)
        and member.__module__ == f"{__name__}.{module}"
    ]


def severities() -> dict[str, int]:
    """The place of each type in a list that begins with the worst."""
    return {name: place for place, name in enumerate(types())}
