"""The process dies at its n-th step, for each n: a statement, or an outside call before and after.

The death is a BaseException, so that no `except Exception` of ours can soften it; what was not
committed is rolled back, as by the database of a process that was killed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.db import db


class Killed(BaseException):
    """The process is gone."""


class Fate:
    """Counts steps, and kills at one of them; hooks that call `step` say what a step is."""

    def __init__(self) -> None:
        self.seen, self.at, self.died = 0, 0, False
        self.planned = 0

    def step(self, *_event: object, **_more: object) -> None:
        """One more step; it may be the last."""
        self.seen += 1
        if self.seen == self.at:
            raise Killed

    def steps(self, *, more_than: int) -> Iterator[int]:
        """1, 2, 3 and so on, until a work that `kills` was given has fewer steps.

        More than `more_than`, or nobody counts what should be counted.
        """
        self.planned, self.died = 0, True
        while self.died:
            self.planned += 1
            self.died = False
            yield self.planned
        assert self.planned > more_than, "it cannot have so few steps: what is counted?"

    def kills(self, work: Callable[[], object]) -> bool:
        """Run `work` and die at the step that `steps` named last; False when it has fewer."""
        self.seen, self.at = 0, self.planned
        try:
            work()
        except Killed:
            self.died = True
        finally:
            self.at = 0
            db.session.remove()
        return self.died

    def around(self, call: Callable) -> Callable:
        """`call` with a step before and one after it."""

        def stepping(*args: object, **kwargs: object) -> object:
            self.step()
            answer = call(*args, **kwargs)
            self.step()
            return answer

        return stepping


@contextmanager
def at_statements() -> Iterator[Fate]:
    """A fate to which each statement sent meanwhile is a step; needs an application context."""
    fate, engine = Fate(), db.engine
    event.listen(engine, "before_cursor_execute", fate.step)
    try:
        yield fate
    finally:
        event.remove(engine, "before_cursor_execute", fate.step)
