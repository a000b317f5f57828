"""The event bus as the rest of the house sees it: publish durably, consume at least once."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from events.errors import TracewardenError


class BusUnavailableError(TracewardenError):
    """The bus did not acknowledge; nothing may be assumed about what it holds."""

    type = "bus-unavailable"


class BusRecord(NamedTuple):
    """A record as it lies on the bus: enough to name it in a dead letter."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes


class Publisher(Protocol):
    """Publishes events; both adapters pack many events of one partition into a record."""

    async def start(self) -> None:
        """Connect.

        Raises:
            BusUnavailableError: nothing answers.
        """

    async def publish(self, topic: str, events: Sequence[tuple[str, bytes]]) -> None:
        """Publish (partition key, event JSON) pairs; return only when all of them are durable.

        Raises:
            BusUnavailableError: at least one was not acknowledged.
        """

    async def close(self) -> None:
        """Send what waits, then disconnect."""


class Consumer(Protocol):
    """Reads records of one group in order; what is not committed comes again."""

    async def start(self) -> None:
        """Connect and take part in the group."""

    async def fetch(self, *, wait_s: float, most: int) -> list[BusRecord]:
        """Up to ``most`` records after those fetched before; empty after ``wait_s`` without any."""

    async def commit(self) -> None:
        """Acknowledge everything fetched so far."""

    async def close(self) -> None:
        """Leave the group; nothing more is acknowledged."""
