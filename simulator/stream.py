"""Plays a recording as if it happened now: all times shifted, events handed out at an even pace."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from simulator.errors import SimulationError

TIMES = frozenset(
    {
        "received_at",
        "scanned_at",
        "fixed_at",
        "ordered_at",
        "seen_at",
        "eventTime",
        "recordTime",
        "declarationTime",
        "valid_from",
        "valid_to",
        "recorded_at",
        "depart_after",
        "arrive_before",
        "issued_at",
        "revoked_at",
        "from",
        "to",
        "first_at",
        "last_at",
    }
)
"""The members that hold a time, in events, registry rows, ``recording.json`` and ``truth.json``."""

BEAT_S = 0.1
"""Events are handed out so often."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def lines(path: Path) -> Iterator[bytes]:
    """A file's lines without their newlines, empty ones left out."""
    with path.open("rb") as file:
        for line in file:
            if stripped := line.strip():
                yield stripped


def offset_to(folder: Path, now: datetime) -> timedelta:
    """By how much to shift a recording so that its last event is received at ``now``.

    Whole seconds, rounded down, since many times are written in such.

    Raises:
        SimulationError: there is no event with a time of receipt.
    """
    last = max((_received(line) for line in lines(folder / "events.jsonl")), default=None)
    if last is None:
        raise SimulationError(f"{folder} has no events", field="events.jsonl")
    return timedelta(seconds=(now - last) // timedelta(seconds=1))


def _received(line: bytes) -> datetime:
    try:
        return datetime.fromisoformat(_decode(line)["received_at"])
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        raise SimulationError("an event has no time of receipt", field="received_at") from None


def shifted(document: bytes, by: timedelta) -> bytes:
    """A JSON document with all its times moved, each in the form and offset that it had."""
    return _encode(_moved(_decode(document), by))


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, list):
        return [_moved(inner, by) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _later(inner, by) if key in TIMES and isinstance(inner, str) else _moved(inner, by)
        for key, inner in value.items()
    }


def _later(text: str, by: timedelta) -> str:
    """The time, later by so much; milliseconds and ``Z`` where it had them."""
    precise = "." in text
    try:
        moved = datetime.fromisoformat(text) + by
    except ValueError:
        return text
    written = moved.isoformat(timespec="milliseconds" if precise else "seconds")
    return written.removesuffix("+00:00") + "Z" if text.endswith("Z") else written


def shift_recording(source: Path, target: Path, by: timedelta) -> None:
    """Copy a recording with all its times moved by as much; keys stay as they are."""
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if "keys" in path.relative_to(source).parts:
            copy.write_bytes(path.read_bytes())
        elif path.suffix == ".jsonl":
            with copy.open("wb") as file:
                file.writelines(shifted(line, by) + b"\n" for line in lines(path))
        else:
            copy.write_bytes(shifted(path.read_bytes(), by) + b"\n")


async def paced(
    events: Iterable[bytes],
    count: int,
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[list[bytes]]:
    """Hand out ``count`` events over so many seconds, a batch at each beat, in their order.

    Whoever takes them slower gets larger batches, so that it ends in time all the same.
    """
    started, batch = clock(), list[bytes]()

    def due() -> int:
        return min(count, int((clock() - started) / max(seconds, BEAT_S) * count))

    for given, event in enumerate(events):
        while given >= (allowed := due()) and allowed < count:
            if batch:
                yield batch
                batch = []
            await sleep(BEAT_S)
        batch.append(event)
    if batch:
        yield batch
