"""The stored events that bear on one EPC, through every container that it was ever in."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from custody.step import Role, Step


class Touch(NamedTuple):
    """A step, and what it names among the EPCs of a trail: each with its role."""

    step: Step
    roles: Mapping[str, Role]


class Trail(NamedTuple):
    """All touches of one EPC and of its containers, in the order of judging."""

    epc: str
    touches: tuple[Touch, ...]

    @classmethod
    def of(cls, epc: str, touches: Iterable[Touch]) -> "Trail":
        """A trail from touches in any order; the same step twice counts once."""
        unique = {touch.step.identity: touch for touch in touches}
        return cls(epc, tuple(sorted(unique.values(), key=lambda touch: touch.step.order)))

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
