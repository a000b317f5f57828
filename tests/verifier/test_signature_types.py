"""Keys of every type: Ed25519 and ML-DSA-44 count, an unknown one is named and not counted."""

import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from evidence.bundle import container
from evidence.checkpoint import Checkpoint
from evidence.note import Note, SigningKey
from evidence.signature_types import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44
from tests.verifier.anchored import KEY, cosigned_bundle
from tests.verifier.test_bundle import files_of
from verifier import read_trust, verify_bundle
from verifier.notes import FormatError, read_key
from verifier.result import Result
from verifier.signatures import UNKNOWN, holds

ED25519 = SigningKey.from_seed("w1.example", b"\1" * 32, COSIGNATURE_ED25519)
ML_DSA = SigningKey.from_seed("w2.example", b"\2" * 32, COSIGNATURE_ML_DSA_44)
AT = 1_790_000_000
STRANGE = "w3.example"
STRANGE_KEY = b"\x0f" + b"k" * 40
STRANGE_ID = sha256(STRANGE.encode() + b"\n" + STRANGE_KEY).digest()[:4]
STRANGE_LINE = f"— {STRANGE} {b64encode(STRANGE_ID + b's' * 60).decode()}\n"
STRANGE_VERIFIER = f"{STRANGE}+{STRANGE_ID.hex()}+{b64encode(STRANGE_KEY).decode()}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("cosigned")
    return cosigned_bundle(folder, AT, ED25519, ML_DSA, more=STRANGE_LINE)


def verdict(data: bytes, *lines: object) -> Result:
    return verify_bundle(data, read_trust("\n".join(map(str, [KEY.verifier, *lines]))))


def test_witnesses_of_both_types_make_a_quorum(data: bytes) -> None:
    result = verdict(data, ED25519.verifier, ML_DSA.verifier, "quorum 2")
    assert result.ok, result.first_problem
    (anchor,) = result.checked["anchors"]
    assert [(one["name"], one["trusted"]) for one in anchor["witnesses"]] == [
        ("w1.example", True), ("w2.example", True), (STRANGE, False)]  # fmt: skip
    assert {one["time"] for one in result.checked["existed_by"]} == {"2026-09-21T14:13:20Z"}


def test_a_policy_names_an_ml_dsa_witness(data: bytes) -> None:
    lines = [f"witness w2 {ML_DSA.verifier} https://w2.example", "quorum w2"]
    assert verdict(data, *lines).ok


def test_an_unknown_algorithm_is_named_and_not_counted(data: bytes) -> None:
    result = verdict(data, ED25519.verifier, STRANGE_VERIFIER, "quorum 1")
    assert result.ok, result.first_problem
    (anchor,) = result.checked["anchors"]
    passed_over = {"name": STRANGE, "time": None, "trusted": False, "why": UNKNOWN}
    assert passed_over in anchor["witnesses"]
    result = verdict(data, ED25519.verifier, STRANGE_VERIFIER, "quorum 2")
    assert result.first_problem is not None
    assert result.first_problem.problem == "quorum-missing"
    assert result.first_problem.detail.endswith(f"{STRANGE}: {UNKNOWN}")


def test_without_ml_dsa_in_the_library_its_witness_is_not_counted(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "cryptography.hazmat.primitives.asymmetric.mldsa"
    monkeypatch.setitem(sys.modules, name, None)
    parent = sys.modules["cryptography.hazmat.primitives.asymmetric"]
    monkeypatch.delattr(parent, "mldsa", raising=False)
    assert verdict(data, ED25519.verifier, ML_DSA.verifier, "quorum 1").ok
    result = verdict(data, ML_DSA.verifier, "quorum 1")
    assert result.first_problem is not None
    assert result.first_problem.detail.endswith(f"w2.example: {UNKNOWN}")


def test_a_cosignature_that_states_no_time_proves_none(tmp_path: Path) -> None:
    result = verdict(cosigned_bundle(tmp_path, 0, ML_DSA), ML_DSA.verifier, "quorum 1")
    assert result.ok, result.first_problem
    assert result.checked["anchors"][0]["witnesses"][0]["time"] is None
    assert result.checked["existed_by"] == []


def test_a_log_may_sign_with_ml_dsa_beside_ed25519_or_alone(data: bytes) -> None:
    second = SigningKey.from_seed(KEY.name, b"\3" * 32, COSIGNATURE_ML_DSA_44)
    note = Note.parse(files_of(data)["checkpoint"])
    both = note.with_signatures([second.sign(note.text)])
    alone = Note(note.text, (second.sign(note.text),))
    for signed in (both, alone):
        bundle = container(signed_by(data, note, signed))
        assert verdict(bundle, f"log {second.verifier}").ok
        refused = verdict(bundle).first_problem
        assert refused is not None
        assert refused.problem == "checkpoint-invalid"


def signed_by(data: bytes, before: Note, after: Note) -> dict[str, bytes]:
    """The bundle's files under the same checkpoint with other signatures."""
    old, new = str(before).encode(), str(after).encode()
    return {
        name: held.replace(old, new) if name.startswith(("checkpoint", "proofs/")) else held
        for name, held in files_of(data).items()
    }


def test_a_bent_ml_dsa_signature_is_refused(data: bytes) -> None:
    second = SigningKey.from_seed(KEY.name, b"\3" * 32, COSIGNATURE_ML_DSA_44)
    note = Note.parse(files_of(data)["checkpoint"])
    line = second.sign(note.text)
    for place in (0, 8, 1000, len(line.signature) - 1):
        bent = bytearray(line.signature)
        bent[place] ^= 1
        forged = note.with_signatures([type(line)(line.name, line.key_id, bytes(bent))])
        result = verdict(container(signed_by(data, note, forged)), f"log {second.verifier}")
        assert result.first_problem is not None, place
        assert result.first_problem.problem == "checkpoint-invalid"


@pytest.mark.parametrize("line", [f"log {ED25519.verifier}", f"witness w1 {KEY.verifier}"])
def test_a_key_in_the_wrong_place_is_refused(line: str) -> None:
    with pytest.raises(FormatError):
        read_trust(f"{KEY.verifier}\n{line}")


def test_a_key_of_a_known_type_and_another_length_is_none() -> None:
    with pytest.raises(FormatError):
        read_key(str(ED25519.verifier)[:-4])


def test_a_time_in_the_future_proves_existence_by_then_only(tmp_path: Path) -> None:
    in_2100 = 4_102_444_800
    result = verdict(cosigned_bundle(tmp_path, in_2100, ED25519), ED25519.verifier, "quorum 1")
    assert result.ok, result.first_problem
    assert {one["time"] for one in result.checked["existed_by"]} == {"2100-01-01T00:00:00Z"}


@pytest.mark.parametrize("key", [ED25519, ML_DSA])
def test_a_time_that_no_cosignature_may_state_is_refused(key: SigningKey) -> None:
    text = Checkpoint(KEY.name, 1, bytes(32)).text()
    for at, expected in (((1 << 63) - 1, True), (1 << 63, False)):
        signature = key.sign(text, at=at).signature
        public = key.verifier
        assert holds(public.algorithm, public.public, key.name, text, signature) is expected
