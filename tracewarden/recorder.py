"""Recording: what a service holds, as a folder that can be replayed offline."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, text

from events.timed import from_microseconds, rfc3339
from registry.recording import ROW_TYPES
from registry.rows import RegistryRows
from store.registry import read_rows
from store.transactions import reading


def record(engine: Engine, out: Path, *, now: datetime) -> dict[str, int]:
    """Write registry and stored events; returns how many lines of each kind.

    Events come in the order received. ``to`` is the later of ``now`` and the last arrival.
    """
    (out / "registry").mkdir(parents=True, exist_ok=True)
    with reading(engine) as connection:
        _, rows = read_rows(connection)
        counts = {name: _write_rows(out, name, getattr(rows, name)) for name in ROW_TYPES}
        counts["territories"] = _write_territories(out, rows)
        (out / "registry" / "policy.json").write_bytes(msgspec.json.encode(rows.policy))
        first, last, counts["events"] = _write_events(connection, out)
        counts["erased"] = _write_erased(connection, out)
    begin = now if first is None else from_microseconds(first)
    end = now if last is None else max(now, from_microseconds(last + 1))
    head = {
        "format": "tracewarden-recording/1",
        "name": "recorded",
        "from": begin.isoformat(),
        "to": end.isoformat(),
        "lateness_s": rows.lateness_s,
        "territories_crs": "wgs84",
        "own_glns": list(rows.own_glns),
    }
    (out / "recording.json").write_text(json.dumps(head, indent=2) + "\n", encoding="utf-8")
    return counts


def _write_rows(out: Path, name: str, rows: Iterable[Any]) -> int:
    lines = [msgspec.json.encode(row) + b"\n" for row in rows]
    (out / "registry" / f"{name}.jsonl").write_bytes(b"".join(lines))
    return len(lines)


def _write_territories(out: Path, rows: RegistryRows) -> int:
    features = []
    for territory in rows.territories:
        properties = msgspec.to_builtins(territory)
        geometry = properties.pop("geometry")
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    lines = b",\n".join(msgspec.json.encode(feature) for feature in features)
    document = b'{"type":"FeatureCollection","features":[\n' + lines + b"\n]}\n"
    (out / "registry" / "territories.geojson").write_bytes(document)
    return len(features)


def _write_events(connection: Connection, out: Path) -> tuple[int | None, int | None, int]:
    query = text("SELECT received_us, raw FROM events ORDER BY received_us, identity")
    first: int | None = None
    last: int | None = None
    count = 0
    with (out / "events.jsonl").open("wb") as file:
        streamed = connection.execution_options(stream_results=True).execute(query)
        for received_us, raw in streamed:
            file.write(raw.encode() + b"\n")
            first = received_us if first is None else first
            last = received_us
            count += 1
    return first, last, count


def _write_erased(connection: Connection, out: Path) -> int:
    """``erased.jsonl``: scans whose place and session are no longer there, where there are any.

    A replay cannot find again what was judged from them; the evidence log still holds it.
    """
    query = text("SELECT identity, erased_us FROM event_erasures ORDER BY erased_us, identity")
    lines = [
        msgspec.json.encode(
            {
                "identity": identity,
                "erased_at": rfc3339(erased_us),
                "members": ["location", "session"],
            }
        )
        for identity, erased_us in connection.execute(query)
    ]
    if lines:
        (out / "erased.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return len(lines)
