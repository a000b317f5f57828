"""All chance of a world, from one seed: uniform numbers of a numpy Generator, drawn in blocks.

Everything is derived from PCG64's uniform numbers and bytes, whose streams numpy keeps stable, so
the same seed gives the same world under other versions of numpy. A number drawn singly from a
Generator costs ten times one from a block.
"""

import math
import uuid
from bisect import bisect_right
from collections.abc import MutableSequence, Sequence
from typing import TypeVar
from zlib import crc32

import numpy as np

T = TypeVar("T")

BLOCK = 4096


class Chance:
    """A stream of chance; two streams of one seed under different names are independent."""

    def __init__(self, seed: int, stream: str) -> None:
        sequence = np.random.SeedSequence([seed, crc32(stream.encode())])
        self._generator = np.random.Generator(np.random.PCG64(sequence))
        self._numbers: list[float] = []
        self._bytes = b""
        self._bytes_at = 0

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._numbers:
            self._numbers = self._generator.random(BLOCK).tolist()
        return self._numbers.pop()

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit()

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self.unit() < probability

    def integer(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self.unit() * (high - low + 1))

    def one_of(self, choices: Sequence[T]) -> T:
        """One of them, all equally likely."""
        return choices[int(self.unit() * len(choices))]

    def weighted(self, cumulative: Sequence[float]) -> int:
        """An index, by cumulative weights (ascending, the last one their sum)."""
        drawn = self.unit() * cumulative[-1]
        return min(bisect_right(cumulative, drawn), len(cumulative) - 1)

    def normal(self) -> float:
        """A standard normal number (Box and Muller, 1958)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.unit()))
        return radius * math.cos(2.0 * math.pi * self.unit())

    def exponential(self, mean: float) -> float:
        """An exponential number with this mean."""
        return -mean * math.log(1.0 - self.unit())

    def lognormal(self, median: float, sigma: float) -> float:
        """A lognormal number: ``sigma`` is the standard deviation of its logarithm."""
        return median * math.exp(sigma * self.normal())

    def shuffle(self, values: MutableSequence[T]) -> None:
        """Put them in a random order, in place (Fisher and Yates)."""
        for last in range(len(values) - 1, 0, -1):
            other = self.integer(0, last)
            values[last], values[other] = values[other], values[last]

    def sample(self, values: Sequence[T], count: int) -> list[T]:
        """``count`` of them without repetition, or all where there are fewer."""
        pool = list(values)
        self.shuffle(pool)
        return pool[:count]

    def octets(self, count: int) -> bytes:
        """That many random bytes."""
        if self._bytes_at + count > len(self._bytes):
            self._bytes, self._bytes_at = self._generator.bytes(max(BLOCK, count)), 0
        start = self._bytes_at
        self._bytes_at += count
        return self._bytes[start : self._bytes_at]

    def hexadecimal(self, count: int) -> str:
        """That many random bytes as hex digits."""
        return self.octets(count).hex()

    def uuid_urn(self) -> str:
        """A random UUID (version 4) as a URN."""
        return f"urn:uuid:{uuid.UUID(bytes=self.octets(16), version=4)}"
