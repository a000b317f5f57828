"""Whatever it is given, the verifier answers: no traceback, never ok, the first wrong thing."""

import json
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.bundle import container
from tests.verifier.anchored import KEY, Anchored, anchored_bundle
from tests.verifier.tampering import REFUSED_TRUST, hostile
from tests.verifier.test_bundle import files_of
from verifier import read_trust, verify_bundle, verify_file
from verifier.bundle import verify_files
from verifier.command import main
from verifier.files import json_of
from verifier.notes import FormatError
from verifier.result import WrongError
from verifier.timestamps import read_timestamp

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["entries", "index", "files", "format", "origin", "salt", "file"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["entries", "index", "leaf_hash", "files", "format", "origin", "body",
                         "prev", "seq", "kind", "salt", "commitment", "file", "value_json"])
        | st.text(max_size=4), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Anchored:
    return anchored_bundle(tmp_path_factory.mktemp("hostile"))


def test_each_hostile_bundle_is_refused_with_the_name_of_what_is_wrong(made: Anchored) -> None:
    trust = read_trust(made.trust)
    for name, data in hostile(made.data):
        problem = verify_bundle(data, trust).first_problem
        assert problem is not None, name
        assert problem.problem != "unreadable", name
        assert problem.detail, name


def test_its_line_is_json_on_every_terminal(
    made: Anchored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys.txt").write_text(f"\ufeff{made.trust}", encoding="utf-8")
    for name, data in hostile(made.data):
        (tmp_path / "case.zip").write_bytes(data)
        assert main([str(tmp_path / "case.zip"), "--trust", str(tmp_path / "keys.txt")]) == 1, name
        out, err = capsys.readouterr()
        assert json.loads(out)["ok"] is False
        assert err == ""


def test_a_terminal_that_knows_no_chinese_gets_ascii(made: Anchored, tmp_path: Path) -> None:
    bundle = container(files_of(made.data) | {"attachments/收据.jpg": b"x"})
    (tmp_path / "case.zip").write_bytes(bundle)
    (tmp_path / "keys.txt").write_text(made.trust)
    done = subprocess.run(
        [sys.executable, "-m", "verifier", str(tmp_path / "case.zip"), "--trust",
         str(tmp_path / "keys.txt")],
        capture_output=True, check=False, env={"PYTHONIOENCODING": "latin-1", "PYTHONPATH": "."},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    assert json.loads(done.stdout)["first_problem"]["file"] == "attachments/收据.jpg"


@given(st.data())
def test_no_json_in_any_place_makes_it_stumble(made: Anchored, data: st.DataObject) -> None:
    files = files_of(made.data)
    names = [name for name in sorted(files) if name.endswith(".json")]
    name = data.draw(st.sampled_from(names))
    files[name] = json.dumps(data.draw(JSON)).encode()
    with pytest.raises(WrongError):
        verify_files(files, read_trust(made.trust), {})


@given(st.data())
def test_no_line_in_any_text_makes_it_stumble(made: Anchored, data: st.DataObject) -> None:
    files = files_of(made.data)
    texts = [name for name in sorted(files) if name.endswith(("checkpoint", "proof", ".txt"))]
    name = data.draw(st.sampled_from(texts))
    lines = files[name].split(b"\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(st.binary(max_size=90) | st.sampled_from(lines))
    files[name] = b"\n".join(lines)
    if files == files_of(made.data):
        return
    with pytest.raises(WrongError):
        verify_files(files, read_trust(made.trust), {})


def test_no_bent_timestamp_makes_it_stumble(made: Anchored) -> None:
    response = next(v for k, v in files_of(made.data).items() if k.endswith(".tsr"))
    chance = random.Random(5)
    for _ in range(600):
        bent = bytearray(response)
        for _ in range(chance.randrange(1, 4)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        cut = bent[: chance.randrange(len(bent))] if chance.random() < 0.2 else bent
        try:
            read_timestamp(bytes(cut), b"x", [made.chain.root])
        except FormatError:
            continue
        raise AssertionError("a timestamp for another message was taken")


def test_a_timestamp_of_half_a_million_parts_is_refused_at_once() -> None:
    part = b"\x05\x00" * 500_000
    response = b"\x30\x83" + len(part).to_bytes(3) + part
    begun = time.process_time()
    with pytest.raises(FormatError):
        read_timestamp(response, b"x", [])
    assert time.process_time() - begun < 20


@given(st.text(max_size=60) | st.sampled_from([
    "quorum " + "9" * 5000, "timestamps ²", "group g all", f"log {KEY.verifier} a b",
    "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----", "quorum none",
]))  # fmt: skip
def test_whatever_stands_in_a_file_of_keys_it_is_read_or_refused(text: str) -> None:
    with suppress(FormatError):
        read_trust(f"{KEY.verifier}\n{text}")


@pytest.mark.parametrize("text", REFUSED_TRUST)
def test_a_file_of_trusted_keys_that_says_something_else_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        read_trust(text)


def test_keys_saved_by_another_systems_editor_are_read_alike(made: Anchored) -> None:
    lines = made.trust.replace("\n", "\r\n")
    assert verify_bundle(made.data, read_trust(lines)) == verify_bundle(
        made.data, read_trust(made.trust)
    )


def test_a_file_that_is_larger_than_any_bundle_is_not_read(made: Anchored, tmp_path: Path) -> None:
    with (tmp_path / "case.zip").open("wb") as file:
        file.truncate(1 << 40)
    problem = verify_file(tmp_path / "case.zip", read_trust(made.trust)).first_problem
    assert problem is not None
    assert problem.problem == "too-large"


def test_json_is_read_as_deep_as_entries_go_and_not_without_end() -> None:
    assert json_of("x", b"[" * 512 + b"]" * 512)
    with pytest.raises(WrongError):
        json_of("x", b"[" * 513 + b"]" * 513)
