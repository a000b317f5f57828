"""Processor time by stage: what each of some functions takes itself, less what those within take.

A clock is read twice a call, so that only functions that are called a few times a batch are stages;
what is done for each scan is too short to be asked for, and belongs to the stage that does it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NamedTuple
from unittest.mock import patch


class Stage(NamedTuple):
    """What a reader calls it, and the function: an attribute of a module or class."""

    name: str
    owner: Any
    attribute: str


class Clock:
    """Nanoseconds of this thread's processor time by the name of the stage that was innermost."""

    def __init__(self) -> None:
        self.spent_ns: dict[str, int] = {}
        self._inner: list[int] = []

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        @wraps(function)
        def timed(*args: Any, **named: Any) -> Any:
            began = time.thread_time_ns()
            self._inner.append(0)
            try:
                return function(*args, **named)
            finally:
                took = time.thread_time_ns() - began
                own = took - self._inner.pop()
                self.spent_ns[name] = self.spent_ns.get(name, 0) + own
                if self._inner:
                    self._inner[-1] += took

        return timed


@contextmanager
def staged(stages: list[Stage]) -> Iterator[Clock]:
    """Time these functions within the block."""
    clock, patches = Clock(), []
    try:
        for name, owner, attribute in stages:
            timed = clock.timed(name, getattr(owner, attribute))
            patches.append(patch.object(owner, attribute, timed))
            patches[-1].start()
        yield clock
    finally:
        for one in reversed(patches):
            one.stop()
