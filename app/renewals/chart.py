"""The balance over the months as a drawing: coordinates for an SVG that needs no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.lib.dates import add_months
from app.renewals.outlook import Outlook

WIDTH, HEIGHT = 960, 296
LEFT, RIGHT, TOP, BOTTOM = 104, 12, 14, 50
# The scale reaches at least this amount in minor units: an empty wallet is drawn, too.
LEAST = 1000
# Steps of the scale that people read easily.
_ROUND = (1, 2, 5, 10)


@dataclass(frozen=True)
class Mark:
    """Something that happens on a day, at a point of the drawing."""

    x: int
    y: int
    kind: str
    day: date


@dataclass(frozen=True)
class Chart:
    """Everything the template draws; `line` and `area` are SVG paths, scales hold their values."""

    line: str
    area: str
    zero: int
    months: Sequence[tuple[int, date]]
    amounts: Sequence[tuple[int, int]]
    marks: Sequence[Mark]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def chart(found: Outlook) -> Chart:
    """Draw a forecast: a line in steps, a mark for each day with a card or a shortfall."""
    span = max(1, (found.until - found.today).days)
    balances = [found.available, *(day.balance for day in found.days)]
    ticks = scale(min(0, *balances), max(LEAST, *balances))

    def x(day: date) -> int:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - found.today).days // span

    def y(amount: int) -> int:
        above = (amount - ticks[0]) * (HEIGHT - TOP - BOTTOM)
        return HEIGHT - BOTTOM - above // (ticks[-1] - ticks[0])

    steps = [f"M{x(found.today)} {y(found.available)}"]
    steps += [f"H{x(day.day)}V{y(day.balance)}" for day in found.days]
    line = "".join(steps) + f"H{x(found.until)}"
    months = [add_months(found.today.replace(day=1), number) for number in range(1, 13)]
    return Chart(
        line,
        f"{line}V{y(0)}H{x(found.today)}Z",
        y(0),
        [(x(month), month) for month in months if month <= found.until],
        [(y(tick), tick) for tick in ticks],
        [
            Mark(x(day.day), y(day.balance), "short" if day.short else "card", day.day)
            for day in found.days
            if day.short or day.by_card
        ],
    )


def scale(lowest: int, highest: int) -> list[int]:
    """Round amounts that hold both ends, four or so of them, in minor units."""
    rough = max(1, -(-(highest - lowest) // 4))
    power = 10 ** (len(str(rough)) - 1)
    step = min(power * one for one in _ROUND if power * one >= rough)
    first = lowest // step
    last = -(-highest // step)
    return [number * step for number in range(first, last + 1)]
