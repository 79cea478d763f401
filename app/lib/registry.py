"""Named adapters of one port: registrars, gateways, channels of mail."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class UnknownName(LookupError):
    """No adapter of that name is registered."""


class Registry(Generic[T]):
    """Adapters of one kind by name, in the order in which they were registered."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._adapters: dict[str, T] = {}

    def register(self, name: str, adapter: T) -> None:
        """Add an adapter; ValueError when the name is taken."""
        if name in self._adapters:
            raise ValueError(f"two {self.kind} are called {name}")
        self._adapters[name] = adapter

    def get(self, name: str) -> T:
        """The adapter of that name, or UnknownName."""
        try:
            return self._adapters[name]
        except KeyError:
            raise UnknownName(f"no {self.kind} is called {name}") from None

    def __contains__(self, name: str) -> bool:
        return name in self._adapters

    def __iter__(self) -> Iterator[str]:
        return iter(self._adapters)
