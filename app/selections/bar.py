"""The bar below a list: how many rows are ticked, and what its form must send along."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """`was` holds the ids of this page's ticked rows, `matching` how many rows the filters find.

    `back` is the address of the page with its filters, from which the server reads them.
    """

    url: str
    back: str
    shown: int
    was: tuple[str, ...]
    number: int
    matching: int

    @property
    def has_more(self) -> bool:
        """Whether there is more to tick than is ticked."""
        return self.matching > self.number

    @property
    def is_whole_page(self) -> bool:
        """Whether every row of the page is ticked."""
        return self.shown > 0 and len(self.was) >= self.shown
