"""Shapes as flat arrays, to be kept on disk and mapped: no process decodes what another did."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon

from geo.arrays import Floats
from geo.kept import Arrays

FORM = "tracewarden-shapes/2"
_GEOD = Geod(ellps="WGS84")


class Shapes:
    """MultiPolygons 0 .. n-1 in one set of arrays, each made when it is asked for.

    ``coords`` (vertices, 2) in degrees; ``rings``, ``parts`` and ``shapes`` the offsets of rings
    into them, of polygons into rings and of shapes into polygons; ``sizes_m2`` of each shape.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._coords: Floats = arrays["coords"]
        self._rings: npt.NDArray[np.int64] = arrays["rings"]
        self._parts: npt.NDArray[np.int64] = arrays["parts"]
        self._shapes: npt.NDArray[np.int64] = arrays["shapes"]
        self._sizes_m2: Floats = arrays["sizes_m2"]

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


    def size_m2(self, number: int) -> float:
        """The shape's size on the ellipsoid in square metres."""
        return float(self._sizes_m2[number])


def size_m2(shape: Polygon | MultiPolygon) -> float:
    """The shape's size on the ellipsoid in square metres."""
    return abs(float(_GEOD.geometry_area_perimeter(shape)[0]))


def arrays_of(shapes: Iterable[Polygon | MultiPolygon]) -> Arrays:
    """The arrays that ``Shapes`` takes."""
    many = [s if isinstance(s, MultiPolygon) else MultiPolygon([s]) for s in shapes]
    sizes = np.array([size_m2(one) for one in many], dtype=np.float64)
    if not many:
        none = np.zeros(1, dtype=np.int64)
        empty = {"coords": np.zeros((0, 2)), "rings": none, "parts": none, "shapes": none}
        return {**empty, "sizes_m2": sizes}
    _, coords, offsets = shapely.to_ragged_array(many, include_z=False)
    rings, parts, whole = (offset.astype(np.int64) for offset in offsets)
    arrays = {"coords": coords, "rings": rings, "parts": parts, "shapes": whole}
    return {**arrays, "sizes_m2": sizes}
