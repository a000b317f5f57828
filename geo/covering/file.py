"""A covering on disk: one folder of arrays, mapped by every worker that opens it."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from shapely.geometry import MultiPolygon

from geo.borders import Borders
from geo.covering.build import build_covering
from geo.covering.cells import Cells
from geo.covering.index import Covering
from geo.covering.wide import LEVELS, Wide
from geo.kept import Arrays, kept, load, prune, save

FORM = "tracewarden-covering/3"
_WIDE = [f"wide{level}" for level in LEVELS]
_KEPT = 2
"""Folders that ``shared`` keeps: the newest, and the one that others may still be moving off."""


def shared(folder: Path, digest: str, shapes: Callable[[], Sequence[MultiPolygon]]) -> Covering:
    """The covering of some areas out of ``folder``, where it is built if it is not there.

    ``digest`` names the areas. All who ask for the same map the same files, so that the memory is
    used once.

    Raises:
        OSError: the folder cannot be written.
    """
    built = False

    def make() -> Arrays:
        nonlocal built
        built = True
        return _arrays(build_covering(shapes()))

    covering = _covering(kept(folder, digest[:32], _form(digest), make))
    if built:
        prune(folder, _KEPT)
    return covering


def save_covering(covering: Covering, folder: Path, *, digest: str) -> None:
    """Write the covering as ``folder``, which appears complete or not at all.

    ``digest`` names what it was built from; ``load_covering`` compares it.
    """
    save(folder, _form(digest), _arrays(covering))


def load_covering(folder: Path, *, digest: str) -> Covering:
    """Map a covering that was saved.

    Raises:
        GeoError: ``index-invalid``: there is none, it is damaged, or of other areas.
    """
    return _covering(load(folder, _form(digest)))


def _form(digest: str) -> str:
    return f"{FORM} {digest}"


def _arrays(covering: Covering) -> Arrays:
    arrays = {f"borders_{name}": array for name, array in covering.borders.arrays().items()}
    parts = [("cells", covering.cells), *zip(_WIDE, covering.wide, strict=True)]
    for name, part in parts:
        arrays |= {f"{name}_{field}": getattr(part, field) for field in _names(type(part))}
    return arrays


def _covering(arrays: Arrays) -> Covering:
    borders = Borders.of_arrays({n: arrays[f"borders_{n}"] for n in Borders.__annotations__})
    cells = Cells(**{name: arrays[f"cells_{name}"] for name in _names(Cells)})
    wide = (Wide(**{name: arrays[f"{at}_{name}"] for name in _names(Wide)}) for at in _WIDE)
    return Covering(borders, cells, tuple(wide))


def _names(part: type) -> list[str]:
    return [field.name for field in fields(part)]
