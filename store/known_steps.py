"""Steps of item events that this process has read, so that none is read and decoded twice.

What is stored under an identity stays, but where an earlier arrival takes its place. That raises a
number (``REPLACED``); who asks says the number that held when it was asked what names a thing, and
what was remembered under another is forgotten.
"""

from collections.abc import Callable, Collection, Iterable
from itertools import islice
from threading import Lock

from custody import Step
from events.identity import Identity

MOST_STEPS = 32_768
"""About a kilobyte each."""
REPLACED = "item-steps"
"""The subject whose version is raised with each item event that takes another's place."""


class KnownSteps:
    """Remembers steps of one database. Threads may share it."""

    def __init__(self) -> None:
        self._replaced = 0
        self._steps: dict[Identity, Step] = {}
        self._lock = Lock()

    def of(
        self,
        replaced: int,
        identities: Collection[Identity],
        read: Callable[[Collection[Identity]], Iterable[Step]],
    ) -> dict[Identity, Step]:
        """The step of each identity.

        Args:
            replaced: the version of ``REPLACED``, read no later than any step by ``read``.
            read: reads those that are not remembered.
        """
        kept = self._under(replaced)
        found: dict[Identity, Step] = {}
        unknown: list[Identity] = []
        for identity in identities:
            step = kept.get(identity)
            if step is None:
                unknown.append(identity)
            else:
                found[identity] = step
        if unknown:
            fresh = {step.identity: step for step in read(unknown)}
            found |= fresh
            self._keep(kept, fresh)
        return found

    def _under(self, replaced: int) -> dict[Identity, Step]:
        # Whoever still reads under another number goes on with what it has in hand, and what it
        # adds to that nobody sees.
        with self._lock:
            if replaced != self._replaced:
                self._replaced, self._steps = replaced, {}
            return self._steps

    def _keep(self, kept: dict[Identity, Step], fresh: dict[Identity, Step]) -> None:
        with self._lock:
            kept |= fresh
            if len(kept) > MOST_STEPS:
                for oldest in [*islice(kept, len(kept) - MOST_STEPS + MOST_STEPS // 8)]:
                    del kept[oldest]
