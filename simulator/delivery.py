"""How events reach us: a little or much later, twice, out of order; and their order in the end."""

import heapq
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from simulator import calendar
from simulator.calendar import DAY, HOUR, MINUTE, SECOND
from simulator.chance import Chance
from simulator.levels import Level

RUN = 200_000
"""Lines sorted in memory at a time; more are merged from files, so that memory stays flat."""
PREFIX = 28
"""Bytes before each line by which it is sorted: time of receipt, number, a space."""

_encode = msgspec.json.Encoder().encode


class Delivery:
    """Takes events as they happen and hands out lines in order of receipt."""

    def __init__(self, span: tuple[int, int], level: Level, chance: Chance, folder: Path) -> None:
        self._start, self._end = span
        self._level, self._chance = level, chance
        self._lines: list[bytes] = []
        self._runs: list[Path] = []
        self._spool = tempfile.TemporaryDirectory(prefix=".simulate-", dir=folder)
        self._number = 0

    def delay_ms(self) -> int:
        """How long after it happened an ordinary message arrives, in milliseconds."""
        drawn = self._chance.unit()
        if drawn < self._level.very_late:
            return int(self._chance.between(2.1 * DAY, 9 * DAY))
        if drawn < self._level.very_late + self._level.late:
            return min(int(self._chance.exponential(5 * HOUR)), 40 * HOUR)
        return int(self._chance.between(200, 4000))

    def put(
        self,
        kind: str,
        event_id: str,
        received_ms: int,
        body: dict[str, Any],
        chance: Chance | None = None,
    ) -> bool:
        """Whether it arrived within the recording's span; ``chance`` where not the usual one
        decides whether it arrives twice."""
        if not self._start <= received_ms < self._end:
            return False
        self._line(kind, event_id, received_ms, body)
        chance = chance or self._chance
        if chance.happens(self._level.doubled):
            again = received_ms + int(chance.exponential(20 * MINUTE)) + SECOND
            if again < self._end:
                self._line(kind, event_id, again, body)
        return True

    def _line(self, kind: str, event_id: str, received_ms: int, body: dict[str, Any]) -> None:
        head = {"kind": kind, "event_id": event_id, "received_at": calendar.utc(received_ms)}
        key = f"{received_ms:015d}{self._number:012d} ".encode()
        self._lines.append(key + _encode(head | body) + b"\n")
        self._number += 1
        if len(self._lines) >= RUN:
            self._spill()

    def _spill(self) -> None:
        path = Path(self._spool.name) / f"{len(self._runs)}.run"
        self._lines.sort()
        with path.open("wb") as file:
            file.writelines(self._lines)
        self._runs.append(path)
        self._lines = []

    def lines(self) -> Iterator[bytes]:
        """All lines in order of receipt, each with its newline; once."""
        self._lines.sort()
        runs = [path.open("rb") for path in self._runs]
        try:
            for line in heapq.merge(*runs, self._lines):
                yield line[PREFIX:]
        finally:
            for run in runs:
                run.close()
            self._spool.cleanup()
