"""The stored events that bear on one EPC, through every container that it was ever in."""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from custody.step import Role, Step


class Touch(Struct, frozen=True, gc=False):
    """A step, and what it names among the EPCs of a trail: each with its role."""

    step: Step
    roles: Mapping[str, Role]


by_order = attrgetter("step.at_us", "step.identity")
"""``Step.order`` of a touch, without a call in Python for each."""


class Trail(NamedTuple):
    """All touches of one EPC and of its containers, in the order of judging."""

    epc: str
    touches: tuple[Touch, ...]

    @classmethod
    def of(cls, epc: str, touches: Iterable[Touch]) -> "Trail":
        """A trail from touches in any order; the same step twice counts once."""
        return cls.of_unique(epc, {touch.step.identity: touch for touch in touches}.values())

    @classmethod
    def of_unique(cls, epc: str, touches: Iterable[Touch]) -> "Trail":
        """The same from touches of which each step is there once."""
        return cls(epc, tuple(sorted(touches, key=by_order)))

    def received_before(self, limit_us: int) -> "Trail":
        """What was known before ``limit_us``."""
        return Trail(self.epc, tuple(t for t in self.touches if t.step.received_us < limit_us))

    def known_at(self, known_us: int) -> "Trail":
        """What had been received by then, that moment included."""
        return self.received_before(known_us + 1)

    def standing(self) -> tuple[Touch, ...]:
        """The touches that no error declaration takes back, without the declarations."""
        voided = {touch.step.voids for touch in self.touches if touch.step.voids is not None}
        if not voided:
            return self.touches
        return tuple(
            t for t in self.touches if t.step.voids is None and t.step.identity not in voided
        )
