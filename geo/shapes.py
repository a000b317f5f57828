"""Shapes as flat arrays, to be kept on disk and mapped: no process decodes what another did."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo.arrays import Floats
from geo.kept import Arrays

FORM = "tracewarden-shapes/1"


class Shapes:
    """MultiPolygons 0 .. n-1 in one set of arrays, each made when it is asked for.

    ``coords`` (vertices, 2) in degrees; ``rings``, ``parts`` and ``shapes`` the offsets of rings
    into them, of polygons into rings and of shapes into polygons.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._coords: Floats = arrays["coords"]
        self._rings: npt.NDArray[np.int64] = arrays["rings"]
        self._parts: npt.NDArray[np.int64] = arrays["parts"]
        self._shapes: npt.NDArray[np.int64] = arrays["shapes"]

    def __len__(self) -> int:
        return len(self._shapes) - 1

    def __getitem__(self, number: int) -> MultiPolygon:
        first, last = self._shapes[number : number + 2].tolist()
        parts = self._parts[first : last + 1]
        rings = self._rings[parts[0] : parts[-1] + 1]
        made: MultiPolygon = shapely.from_ragged_array(
            shapely.GeometryType.MULTIPOLYGON,
            np.ascontiguousarray(self._coords[rings[0] : rings[-1]]),
            (rings - rings[0], parts - parts[0], np.array([0, last - first])),
        )[0]
        return made


def arrays_of(shapes: Iterable[Polygon | MultiPolygon]) -> Arrays:
    """The arrays that ``Shapes`` takes."""
    many = [s if isinstance(s, MultiPolygon) else MultiPolygon([s]) for s in shapes]
    if not many:
        none = np.zeros(1, dtype=np.int64)
        return {"coords": np.zeros((0, 2)), "rings": none, "parts": none, "shapes": none}
    _, coords, offsets = shapely.to_ragged_array(many, include_z=False)
    rings, parts, whole = (offset.astype(np.int64) for offset in offsets)
    return {"coords": coords, "rings": rings, "parts": parts, "shapes": whole}
