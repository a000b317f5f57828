import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from codes.errors import CodeError
from codes.keyring import KeyRing, derive
from codes.sealing import seal, unseal
from codes.signing import sign_path, verify

NOW = datetime(2026, 11, 1, tzinfo=UTC)
Entropy = Callable[[int], bytes]
PATH = "/01/09506000134352/21/A"


def ring_with_key(folder: Path, entropy: Entropy, seed: bytes | None = None) -> KeyRing:
    ring, _ = KeyRing(folder, {}).with_new_key("word", entropy=entropy, now=NOW, seed=seed)
    return ring


def test_a_new_ring_signs_what_its_public_keys_verify(
    tmp_path: Path, counted_entropy: Entropy
) -> None:
    folder = tmp_path / "keys"
    ring_with_key(folder, counted_entropy)
    ring = KeyRing.open(folder)
    uri = sign_path(PATH, ring.signer("K1", "word"), domain="b.example")
    assert verify(uri, ring.keys).ok


def test_private_files_are_for_their_owner_and_hold_no_secret_in_the_clear(
    tmp_path: Path, counted_entropy: Entropy
) -> None:
    ring = ring_with_key(tmp_path, counted_entropy)
    secrets = {ring.signing_seed("K1", "word"), ring.master_secret("word")}
    for path in tmp_path.glob("*.sealed.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not any(secret in path.read_bytes() for secret in secrets)
    assert len(list(tmp_path.glob("*.sealed.json"))) == 2


def test_keys_are_numbered_and_the_newest_that_may_sign_signs(
    tmp_path: Path, counted_entropy: Entropy
) -> None:
    ring = ring_with_key(tmp_path, counted_entropy)
    later = NOW + timedelta(days=1)
    ring, made = ring.with_new_key("word", entropy=counted_entropy, now=later)
    assert made == "K2"
    assert ring.signing_key_id(NOW) == "K1"
    assert ring.signing_key_id(later) == "K2"
    assert ring.retired("K2", later).signing_key_id(later) == "K1"
    assert ring.revoked("K2", later).keys["K2"].revoked_at == later
    with pytest.raises(CodeError, match="no key"):
        ring.signing_key_id(NOW - timedelta(days=1))


def test_a_rotation_does_not_change_the_master_secret(
    tmp_path: Path, counted_entropy: Entropy
) -> None:
    ring = ring_with_key(tmp_path, counted_entropy)
    before = ring.master_secret("word")
    ring, _ = ring.with_new_key("word", entropy=counted_entropy, now=NOW, key_id="NEXT")
    assert ring.master_secret("word") == before
    assert ring.signing_seed("K1", "word") != ring.signing_seed("NEXT", "word")


def test_a_given_seed_makes_the_same_ring_again(tmp_path: Path, counted_entropy: Entropy) -> None:
    one = ring_with_key(tmp_path / "a", counted_entropy, seed=b"s" * 32)
    two = ring_with_key(tmp_path / "b", counted_entropy, seed=b"s" * 32)
    assert one.keys == two.keys
    assert one.master_secret("word") == two.master_secret("word")


def test_another_passphrase_opens_nothing_and_adds_nothing(
    tmp_path: Path, counted_entropy: Entropy
) -> None:
    ring = ring_with_key(tmp_path, counted_entropy)
    with pytest.raises(CodeError, match="passphrase"):
        ring.signer("K1", "wrong")
    with pytest.raises(CodeError, match="passphrase"):
        ring.with_new_key("wrong", entropy=counted_entropy, now=NOW)
    assert set(KeyRing.open(tmp_path).keys) == {"K1"}


@pytest.mark.parametrize("key_id", ["", "k1", "A" * 17, "A.B", "../X"])
def test_a_malformed_key_id_is_refused(
    tmp_path: Path, counted_entropy: Entropy, key_id: str
) -> None:
    with pytest.raises(CodeError):
        KeyRing(tmp_path, {}).with_new_key("word", entropy=counted_entropy, now=NOW, key_id=key_id)


def test_a_taken_id_and_a_missing_ring_are_refused(
    tmp_path: Path, counted_entropy: Entropy
) -> None:
    ring = ring_with_key(tmp_path, counted_entropy)
    with pytest.raises(CodeError, match="already"):
        ring.with_new_key("word", entropy=counted_entropy, now=NOW, key_id="K1")
    with pytest.raises(CodeError):
        KeyRing.open(tmp_path / "nothing")


def test_a_sealed_file_that_was_changed_or_renamed_does_not_open(counted_entropy: Entropy) -> None:
    sealed = seal(b"secret", "word", "name", counted_entropy)
    assert unseal(sealed, "word", "name") == b"secret"
    for raw, name in [
        (sealed, "other"),
        (sealed.replace(b'"cost":32768', b'"cost":16384'), "name"),
        (sealed.replace(b'"cost":32768', b'"cost":99999999999'), "name"),
        (sealed[:-10], "name"),
        (b"{}", "name"),
    ]:
        with pytest.raises(CodeError):
            unseal(raw, "word", name)


def test_purposes_give_unrelated_secrets() -> None:
    assert derive(b"s" * 32, "a") != derive(b"s" * 32, "b")
