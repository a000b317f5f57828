"""Territories out of the database with their geometry on disk, where processes share it."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from shapely.geometry import MultiPolygon, Polygon, shape
from sqlalchemy import Connection, select

from events.timed import from_microseconds
from geo.kept import kept, prune
from geo.shapes import FORM, Shapes, arrays_of
from registry.geometry import KeptGeometry
from registry.model import Territory
from store.schema.registry import territories

_KEPT = 2
_PORTION = 100


def read_territories(connection: Connection, folder: Path) -> tuple[Territory, ...]:
    """All territories in the order recorded; their geometry is decoded by the first who reads
    these rows, and mapped out of ``folder / "shapes"`` by all.

    Raises:
        OSError: the folder cannot be written.
    """
    table = territories
    columns = table.c.territory_id, table.c.name, table.c.version, table.c.valid_from
    query = select(*columns, table.c.recorded_us, table.c.digest).order_by(table.c.row_id)
    rows = connection.execute(query).all()
    shapes = _shapes(connection, folder / "shapes", [row.digest for row in rows])
    return tuple(
        Territory(
            territory_id=row.territory_id,
            name=row.name,
            version=row.version,
            valid_from=time_of(row.valid_from),
            recorded_at=time_of(row.recorded_us),
            geometry=KeptGeometry(shapes, number, row.digest),
        )
        for number, row in enumerate(rows)
    )


def time_of(at_us: int | None) -> datetime | None:
    """Microseconds as a time; None stays None."""
    return None if at_us is None else from_microseconds(at_us)


def _shapes(connection: Connection, folder: Path, digests: Sequence[str]) -> Shapes:
    name = hashlib.sha256("".join(digests).encode()).hexdigest()[:32]
    found = Shapes(kept(folder, name, FORM, lambda: arrays_of(_decoded(connection, digests))))
    prune(folder, _KEPT)
    return found


def _decoded(connection: Connection, digests: Sequence[str]) -> Iterator[Polygon | MultiPolygon]:
    """The geometry of the rows, read some at a time."""
    for low in range(0, len(digests), _PORTION):
        some = digests[low : low + _PORTION]
        query = select(territories.c.digest, territories.c.geometry)
        found = connection.execute(query.where(territories.c.digest.in_(some)))
        by_digest = {row.digest: row.geometry for row in found}
        for digest in some:
            yield shape(msgspec.json.decode(by_digest[digest]))
