"""What the rules of one thing's handling share: the thing, and what is known of it."""

from collections.abc import Mapping
from typing import NamedTuple

from custody import Custody, Role
from registry import Policy, Registry
from rules.contents import Contents
from rules.model import Subject


class HandlingContext(NamedTuple):
    """The thing, as what the event names it, its custody before the event, and whether the event
    bears on it at all, perhaps through a container; the registry as known at ``known_us``; and
    what is in it, by its own URI, as far as that is known."""

    epc: str
    role: Role | None
    custody: Custody
    bears: bool
    registry: Registry
    known_us: int
    contents: Mapping[str, Contents]

    @property
    def policy(self) -> Policy:
        """The thresholds in force for it."""
        return self.registry.policy(self.known_us)


def handled_subject(epc: str) -> Subject:
    """The thing as a subject."""
    is_unit = epc.startswith("https://id.gs1.org/00/")
    return Subject("logistic-unit" if is_unit else "item", epc)
