"""Arrays kept on disk under a digest of what they were made of, and mapped by every process.

A folder appears complete or not at all, is made once by whoever needs it first while the others
wait, and is made anew where a file was cut or a bit flipped.
"""

import fcntl
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.errors import GeoError

Arrays = Mapping[str, npt.NDArray[Any]]
_META = "kept.json"


def kept(folder: Path, name: str, form: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays in ``folder / name``, mapped; ``make`` gives them where they are not there.

    ``form`` names the algorithm that makes them: what another one left is made anew.

    Raises:
        OSError: the folder cannot be written.
    """
    place = folder / name
    try:
        return load(place, form)
    except GeoError:
        with _alone(folder, name):
            try:
                return load(place, form)
            except GeoError:
                save(place, form, make())
    return load(place, form)


def save(place: Path, form: str, arrays: Arrays) -> None:
    """Write the arrays as the folder ``place``; an older one is replaced."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        sums = {}
        for name, array in arrays.items():
            np.save(fresh / f"{name}.npy", np.asarray(array))
            sums[name] = _checksum(fresh / f"{name}.npy")
        (fresh / _META).write_text(json.dumps({"form": form, "sums": sums}))
        fresh.chmod(0o755)
        if place.exists():
            # Who has the old one mapped keeps it until the end.
            place.rename(fresh / "old")
        try:
            fresh.rename(place)
        except OSError:
            # Another process was quicker, with the same.
            if not (place / _META).exists():
                raise
        shutil.rmtree(place / "old", ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def load(place: Path, form: str) -> Arrays:
    """Map the arrays that ``save`` wrote, after reading all of them once for their checksums.

    Raises:
        GeoError: ``index-invalid``: there are none, they are damaged, or of another form.
    """
    try:
        meta = json.loads((place / _META).read_text())
        if meta["form"] != form:
            raise GeoError(f"{place} is {meta['form']!r}, not {form!r}", type="index-invalid")
        for name, checksum in meta["sums"].items():
            if _checksum(place / f"{name}.npy") != checksum:
                raise GeoError(f"{place}: {name} is damaged", type="index-invalid")
        return {name: _mapped(place / f"{name}.npy") for name in meta["sums"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise GeoError(f"{place} holds no arrays: {error}", type="index-invalid") from None


def prune(folder: Path, most: int) -> None:
    """Leave the newest ``most``; who has an older one mapped keeps it until the end."""
    there = [place for place in folder.iterdir() if (place / _META).exists()]
    there.sort(key=lambda place: (place / _META).stat().st_mtime_ns, reverse=True)
    for place in there[most:]:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """No other process is between these lines under the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / f".{name}.lock"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        # Gone while it is held: who waited finds what was made, and needs the lock no more.
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _checksum(file: Path) -> list[int]:
    data = np.memmap(file, dtype=np.uint8, mode="r")
    return [len(data), zlib.crc32(data.data)]


def _mapped(file: Path) -> npt.NDArray[Any]:
    """The array, read as it is used; a plain view, since the memmap class slows every step."""
    array: npt.NDArray[Any] = np.load(file, mmap_mode="r")
    return np.asarray(array)
