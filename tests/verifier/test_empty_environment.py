"""A case of a service, taken out by command, checked in an environment that never saw us."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from store.evidence_service import signing
from tests.api.bundle.service import PHOTO, a_case, judged_world


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``case.zip`` and ``keys.txt`` in a folder: all that an arbitrator gets."""
    folder = tmp_path_factory.mktemp("service")
    stored = judged_world(folder / "data", items=200)
    case_id = a_case(stored)
    with signing(stored.engine, folder / "data.private", "brand.example/log") as log:
        key = str(log.verifier)
    stored.engine.dispose()
    sent = folder / "sent"
    sent.mkdir()
    (sent / "keys.txt").write_text(f"{key}\n")
    run([sys.executable, "-c", "from tracewarden.commands.evidence import app; app()", "bundle",
         "--data", str(folder / "data"), "--case", case_id, "--purpose", "arbitration",
         "--by", "mei", "--out", str(sent / "case.zip")], folder)  # fmt: skip
    return sent


def run(command: list[str], folder: Path, *, code: int = 0) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def verdict(command: list[str], folder: Path, *, code: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(command, folder, code=code).stdout)
    return found


def check(command: list[str], exported: Path) -> None:
    """The case holds; with one byte of the photo changed it does not, and the reason is read."""
    arguments = [*command, "case.zip", "--trust", "keys.txt"]
    good = verdict(arguments, exported, code=0)
    assert good["ok"]
    assert good["checked"]["attachments"] == 1
    data = (exported / "case.zip").read_bytes()
    bent = exported / "bent"
    bent.mkdir(exist_ok=True)
    shutil.copy(exported / "keys.txt", bent)
    (bent / "case.zip").write_bytes(data.replace(PHOTO, PHOTO.replace(b"receipt", b"Receipt")))
    bad = verdict(arguments, bent, code=1)
    assert bad["first_problem"]["file"].endswith("-receipt.jpg")
    assert bad["first_problem"]["problem"] == "file-changed"


def test_the_package_copied_beside_the_case_verifies_it(exported: Path) -> None:
    copied = exported / "verifier"
    shutil.copytree("verifier", copied, dirs_exist_ok=True)
    code = (
        f"import sys, runpy; sys.path.insert(0, {str(exported)!r}); "
        "runpy.run_module('verifier', run_name='__main__')"
    )
    check([sys.executable, "-P", "-c", code], exported)


@pytest.mark.soak
def test_installed_into_an_empty_virtual_environment_it_verifies(
    exported: Path, tmp_path: Path
) -> None:
    shutil.copytree("verifier", tmp_path / "verifier")
    run([sys.executable, "-m", "venv", "empty"], tmp_path)
    python = str(tmp_path / "empty" / "bin" / "python")
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "./verifier"], tmp_path)  # fmt: skip
    listed = run([python, "-m", "pip", "list", "--format", "json"], tmp_path).stdout
    names = {one["name"] for one in json.loads(listed)}
    assert names <= {"tracewarden-verifier", "cryptography", "cffi", "pycparser", "pip",
                     "setuptools", "typing_extensions"}  # fmt: skip
    check([str(tmp_path / "empty" / "bin" / "tracewarden-verify")], exported)
