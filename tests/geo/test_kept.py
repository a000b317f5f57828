"""Arrays on disk: made once, complete or not at all, and made anew where they were damaged."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from geo.errors import GeoError
from geo.kept import Arrays, kept, load, prune, save


class Maker:
    """Makes arrays and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Arrays:
        self.times += 1
        return {"places": np.arange(5000.0).reshape(-1, 2), "none": np.zeros((0, 3))}


def values(arrays: Arrays) -> dict[str, list[object]]:
    """The arrays as plain lists."""
    return {name: array.tolist() for name, array in arrays.items()}


def test_arrays_are_made_once_and_come_back_as_they_were(tmp_path: Path) -> None:
    maker = Maker()
    wanted = values(maker())
    for _ in range(3):
        assert values(kept(tmp_path, "a", "form/1", maker)) == wanted
    assert maker.times == 2
    assert [place.name for place in tmp_path.iterdir()] == ["a"]


def test_mapped_arrays_cannot_be_written(tmp_path: Path) -> None:
    arrays = kept(tmp_path, "a", "form/1", Maker())
    with pytest.raises(ValueError, match="read-only"):
        arrays["places"][0] = 1.0


@pytest.mark.parametrize("file", ["places.npy", "none.npy", "kept.json"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "flipped", "longer", "gone"])
def test_a_damaged_file_is_found_and_made_anew(tmp_path: Path, file: str, damage: str) -> None:
    maker = Maker()
    wanted = values(kept(tmp_path, "a", "form/1", maker))
    path = tmp_path / "a" / file
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        middle = len(data) // 2
        path.write_bytes({
            "cut": data[:-1], "emptied": b"", "longer": data + b"\x00",
            "flipped": data[:middle] + bytes([data[middle] ^ 0x80]) + data[middle + 1 :],
        }[damage])  # fmt: skip
    with pytest.raises(GeoError) as caught:
        load(tmp_path / "a", "form/1")
    assert caught.value.type == "index-invalid"
    assert values(kept(tmp_path, "a", "form/1", maker)) == wanted
    assert maker.times == 2


def test_what_another_algorithm_made_is_made_anew(tmp_path: Path) -> None:
    maker = Maker()
    kept(tmp_path, "a", "form/1", maker)
    kept(tmp_path, "a", "form/2", maker)
    assert maker.times == 2


def test_who_has_mapped_what_is_replaced_keeps_it(tmp_path: Path) -> None:
    old = kept(tmp_path, "a", "form/1", Maker())
    save(tmp_path / "a", "form/1", {"places": np.zeros(3)})
    prune(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []
    assert old["places"].tolist() == Maker()()["places"].tolist()


def test_a_maker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails() -> Arrays:
        raise GeoError("no", type="polygon-empty")

    with pytest.raises(GeoError, match="no"):
        kept(tmp_path, "a", "form/1", fails)
    assert list(tmp_path.iterdir()) == []


def test_processes_that_need_the_same_at_once_make_it_once(tmp_path: Path) -> None:
    code = """
import os, sys, time
from pathlib import Path
import numpy as np
from geo.kept import kept
folder = Path(sys.argv[1])
def make():
    with (folder / "log").open("a") as log:
        log.write(f"{os.getpid()}\\n")
    time.sleep(0.3)
    return {"a": np.arange(9)}
print(sum(kept(folder / "index", "x", "form/1", make)["a"]))
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[0] for process in processes] == ["36\n"] * 4
    assert len((tmp_path / "log").read_text().splitlines()) == 1
