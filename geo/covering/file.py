"""A covering on disk: one folder of arrays, mapped by every worker that opens it."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon

from geo.borders import Borders
from geo.covering.build import build_covering
from geo.covering.cells import Cells
from geo.covering.index import Covering
from geo.errors import GeoError

FORMAT = "tracewarden-covering/2"
_META = "covering.json"
_BORDERS = tuple(Borders.__annotations__)
_CELLS = tuple(field.name for field in fields(Cells))


_KEPT = 2
"""Folders that ``shared`` keeps: the newest, and the one that others may still be moving off."""


def shared(folder: Path, digest: str, shapes: Callable[[], Sequence[MultiPolygon]]) -> Covering:
    """The covering of some areas out of ``folder``, where it is built if it is not there.

    ``digest`` names the areas. All who ask for the same map the same files, so that the memory is
    used once; two who build at the same time write the same.

    Raises:
        OSError: the folder cannot be written.
    """
    place = folder / digest[:32]
    try:
        return load(place, digest=digest)
    except GeoError:
        save(build_covering(shapes()), place, digest=digest)
    _prune(folder)
    return load(place, digest=digest)


def _prune(folder: Path) -> None:
    """Older coverings go; who has one mapped keeps it until the end."""
    there = [place for place in folder.iterdir() if (place / _META).exists()]
    there.sort(key=lambda place: (place / _META).stat().st_mtime_ns, reverse=True)
    for place in there[_KEPT:]:
        shutil.rmtree(place, ignore_errors=True)


def save(covering: Covering, folder: Path, *, digest: str) -> None:
    """Write the covering as ``folder``, which appears complete or not at all.

    ``digest`` names what it was built from; ``load`` compares it. An older folder is replaced.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name in _BORDERS:
            np.save(fresh / f"borders_{name}.npy", getattr(covering.borders, name))
        for name in _CELLS:
            np.save(fresh / f"cells_{name}.npy", getattr(covering.cells, name))
        (fresh / _META).write_text(json.dumps({"format": FORMAT, "digest": digest}))
        if folder.exists():
            old = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
            folder.rename(old / "old")
            fresh.rename(folder)
            shutil.rmtree(old)
        else:
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def load(folder: Path, *, digest: str) -> Covering:
    """Map a covering that ``save`` wrote.

    Raises:
        GeoError: ``covering-invalid``: there is none, it is damaged, or of other areas.
    """
    try:
        meta = json.loads((folder / _META).read_text())
        if meta != {"format": FORMAT, "digest": digest}:
            raise GeoError(f"{folder} was built from other areas", type="covering-invalid")
        borders = Borders.__new__(Borders)
        for name in _BORDERS:
            setattr(borders, name, _mapped(folder / f"borders_{name}.npy"))
        cells = Cells(**{name: _mapped(folder / f"cells_{name}.npy") for name in _CELLS})
    except (OSError, ValueError) as error:
        raise GeoError(f"{folder} holds no covering: {error}", type="covering-invalid") from None
    return Covering(borders, cells)


def _mapped(file: Path) -> npt.NDArray[Any]:
    """The array, read as it is used; a plain view, since the memmap class slows every step."""
    array: npt.NDArray[Any] = np.load(file, mmap_mode="r")
    return np.asarray(array)
