"""Writes a world as a recording, in INTERFACES' form, with its truth beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from registry.model import Head, IssuingJob, Permit, Territory
from simulator.codebook import JOB, job_key
from simulator.delivery import Delivery
from simulator.errors import SimulationError
from simulator.market import BRAND_GLN, Market
from simulator.truth import Truth
from simulator.wish import Wish

LATENESS_S = 172_800
NAMES = ("recording.json", "registry", "events.jsonl", "truth.json", "keys")


@dataclass(frozen=True)
class Registry:
    """What the registry's files are made of."""

    market: Market
    permits: list[Permit]
    shipment_rows: list[bytes]
    issued: dict[str, int]
    """Serials in use by product."""


@dataclass(frozen=True)
class Summary:
    """What was written."""

    events: int
    incidents: int
    files: list[str]


def prepare(out: Path) -> None:
    """Make the folder, or see that none of a recording's files stands in it.

    Raises:
        SimulationError: one does, or the folder cannot be made.
    """
    taken = [name for name in NAMES if (out / name).exists()]
    if taken:
        raise SimulationError(f"{out} has a {taken[0]} already", field="out", type="folder-in-use")
    try:
        (out / "registry").mkdir(parents=True)
    except OSError as error:
        raise SimulationError(
            f"{out}: {error.strerror or error}", field="out", type="folder-unusable"
        ) from None


def write(out: Path, wish: Wish, known: Registry, delivery: Delivery, truth: Truth) -> Summary:
    """All files of the recording; events in order of receipt."""
    market = known.market
    head = Head(
        format="tracewarden-recording/1",
        name=f"simulated-{wish.difficulty}-{wish.seed}",
        from_=wish.start,
        to=wish.end,
        lateness_s=LATENESS_S,
        territories_crs="wgs84",
        own_glns=[BRAND_GLN, *(site.gln for site in market.own_sites)],
    )
    (out / "recording.json").write_bytes(msgspec.json.encode(head) + b"\n")
    folder = out / "registry"
    _rows(folder / "products.jsonl", market.products)
    _rows(folder / "dealers.jsonl", [party.dealer for party in market.parties])
    _rows(folder / "authorisations.jsonl", market.authorisations)
    _rows(folder / "permits.jsonl", known.permits)
    _rows(folder / "sites.jsonl", market.sites)
    _rows(folder / "jobs.jsonl", issuing_jobs(wish, known.issued))
    _write_lines(folder / "shipments.jsonl", known.shipment_rows)
    _write_lines(folder / "territories.geojson", _features(market.rows()))
    events = _write_lines(out / "events.jsonl", delivery.lines())
    document = truth.as_document(wish.seed, wish.items, wish.difficulty)
    (out / "truth.json").write_bytes(msgspec.json.format(msgspec.json.encode(document)) + b"\n")
    files = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    return Summary(events, len(document["incidents"]), files)


def issuing_jobs(wish: Wish, issued: dict[str, int]) -> list[IssuingJob]:
    """Runs of serials, each by one key, issued before the recording begins."""
    return [
        IssuingJob(
            job=f"J-{gtin[8:13]}-{first // JOB:04d}",
            gtin=gtin,
            first_index=first,
            count=min(JOB, count - first),
            key_id=job_key(first),
            issued_at=wish.start - timedelta(days=7),
        )
        for gtin, count in issued.items()
        for first in range(0, count, JOB)
    ]


def _rows(path: Path, rows: Iterable[Any]) -> None:
    _write_lines(path, (msgspec.json.encode(row) + b"\n" for row in rows))


def _write_lines(path: Path, lines: Iterable[bytes]) -> int:
    count = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def _features(rows: list[Territory]) -> Iterable[bytes]:
    yield b'{"type":"FeatureCollection","features":[\n'
    for number, row in enumerate(rows):
        feature = {
            "type": "Feature",
            "properties": {
                "territory_id": row.territory_id,
                "name": row.name,
                "version": row.version,
            },
            "geometry": row.geometry,
        }
        yield msgspec.json.encode(feature) + (b",\n" if number + 1 < len(rows) else b"\n")
    yield b"]}\n"
