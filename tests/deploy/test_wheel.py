"""What is installed elsewhere is a wheel: it must hold all that the rooms read at run time."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = {"bench", "deploy", "docs", "tests", ".ci"}
"""Folders that are of no use without the repository."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from a copy so that the working tree stays clean."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in repository_files():
        target = folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    subprocess.run(
        [
            sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
            "--disable-pip-version-check", "--wheel-dir", str(folder), str(folder / "source"),
        ],
        check=True, capture_output=True,
    )
    return next(folder.glob("*.whl"))


def repository_files() -> list[str]:
    """The files that git knows and that are there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_wheel_holds_every_file_of_every_room(wheel: Path) -> None:
    rooms = [
        name for name in repository_files()
        if "/" in name and name.partition("/")[0] not in OUTSIDE
        and not Path(name).name.startswith(".")
    ]
    with zipfile.ZipFile(wheel) as archive:
        missing = sorted(set(rooms) - set(archive.namelist()))
    assert rooms
    assert missing == []


def test_the_image_is_built_from_every_room() -> None:
    pattern = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = pattern["tool"]["setuptools"]["packages"]["find"]["include"]
    given = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{package.rstrip('*')}" for package in packages} <= set(given)
