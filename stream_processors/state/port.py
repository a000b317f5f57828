"""Hot state: a cache of folds that may be lost at any moment, and is never trusted blindly."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class HotState(Protocol):
    """Bytes by key. What cannot be read counts as absent: it is folded again from stored events."""

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, None where there is none or the store does not answer."""

    def put(self, values: Mapping[str, bytes]) -> None:
        """Keep the values; where the store does not answer they are dropped."""

    def close(self) -> None:
        """Let go of the store."""
