"""A brand's key ring: a folder with ``jwks.json`` (public keys, validity, revocation), one sealed
file for each private signing key, and the sealed master secret of serials and hidden codes.

The master secret is apart from the signing keys and outlives them: a copied signing key alone does
not make serials that the registry knows, and a new signing key does not repeat serials.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from codes.errors import CodeError
from codes.jwks import KEY_ID, PublicKey, dump_jwks, load_jwks
from codes.sealing import Entropy, seal, unseal
from codes.signing import SeedSigner

JWKS_NAME = "jwks.json"
MASTER_NAME = "master.sealed.json"
_NUMBERED = re.compile(r"K([0-9]{1,15})")


def _refused(detail: str, field: str = "") -> CodeError:
    return CodeError(detail, field=field, type="keys-invalid")


def _private_name(key_id: str) -> str:
    return f"{key_id}.sealed.json"


def derive(seed: bytes, purpose: str, length: int = 32) -> bytes:
    """A secret for one purpose from a seed (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), length, salt=None, info=f"tracewarden/{purpose}".encode()).derive(seed)


def public_key_of(key_id: str, seed: bytes, *, valid_from: datetime | None = None) -> PublicKey:
    """The public key of a private seed."""
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return PublicKey(key_id, raw, valid_from=valid_from)


def _write_durably(path: Path, content: bytes, mode: int) -> None:
    """Replaces ``path`` as one step, on disk before this returns."""
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _file_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refused(f"{folder}: {error.strerror or error}") from None


@dataclass(frozen=True)
class KeyRing:
    """The public side of a key ring's folder, and the way to its secrets."""

    folder: Path
    keys: Mapping[str, PublicKey]

    @classmethod
    def open(cls, folder: Path) -> "KeyRing":
        """The ring in ``folder``; nothing secret is read yet.

        Raises:
            CodeError: there is no ring, or its JWK set is malformed.
        """
        with _file_errors(folder):
            raw = (folder / JWKS_NAME).read_bytes()
        return cls(folder, load_jwks(raw))

    @classmethod
    def open_or_empty(cls, folder: Path) -> "KeyRing":
        """The ring in ``folder``, or one without keys where there is none yet."""
        return cls.open(folder) if (folder / JWKS_NAME).exists() else cls(folder, {})

    def next_key_id(self) -> str:
        """A key id that this ring does not have: ``K1``, ``K2``, …"""
        numbers = [int(match[1]) for key in self.keys if (match := _NUMBERED.fullmatch(key))]
        return f"K{max(numbers, default=0) + 1}"

    def with_new_key(
        self,
        passphrase: str,
        *,
        entropy: Entropy,
        now: datetime,
        key_id: str | None = None,
        seed: bytes | None = None,
    ) -> tuple["KeyRing", str]:
        """The ring with one key more, written to its folder, and the key's id.

        ``seed`` (32 bytes) makes the key, and in a new ring the master secret, predictable; without
        it ``entropy`` is asked.

        Raises:
            CodeError: the id is malformed or taken, or the folder cannot be written.
        """
        chosen = self._free_id(key_id, passphrase)
        root = entropy(32) if seed is None else seed
        private = derive(root, f"signing/{chosen}")
        with _file_errors(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._ensure_master(passphrase, derive(root, "master"), entropy)
            self._write_secret(_private_name(chosen), private, passphrase, entropy)
        ring = self._with(public_key_of(chosen, private, valid_from=now))
        return ring, chosen

    def with_external_key(
        self,
        raw: bytes,
        passphrase: str,
        *,
        entropy: Entropy,
        now: datetime,
        key_id: str | None = None,
    ) -> tuple["KeyRing", str]:
        """The ring with a public key (32 bytes) whose private half lies elsewhere, and its id.

        Raises:
            CodeError: as ``with_new_key``, or the ring has this very key.
        """
        chosen = self._free_id(key_id, passphrase)
        if any(key.raw == raw for key in self.keys.values()):
            raise _refused("the ring has this key already", "agent_key")
        with _file_errors(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._ensure_master(passphrase, derive(entropy(32), "master"), entropy)
        return self._with(PublicKey(chosen, raw, valid_from=now)), chosen

    def holds(self, key_id: str) -> bool:
        """Whether the private half of ``key_id`` lies in the ring, sealed."""
        return (self.folder / _private_name(key_id)).exists()

    def _free_id(self, key_id: str | None, passphrase: str) -> str:
        chosen = self.next_key_id() if key_id is None else key_id
        if not KEY_ID.fullmatch(chosen):
            raise _refused("a key id is 1 to 16 of A-Z, 0-9 and -", "id")
        if chosen in self.keys:
            raise _refused(f"the ring has a key {chosen} already", "id")
        if not passphrase:
            raise _refused("the passphrase is empty", "passphrase")
        return chosen

    def _ensure_master(self, passphrase: str, master: bytes, entropy: Entropy) -> None:
        if (self.folder / MASTER_NAME).exists():
            # One passphrase opens the whole ring, else issuing could not.
            self.master_secret(passphrase)
        else:
            self._write_secret(MASTER_NAME, master, passphrase, entropy)

    def _write_secret(self, name: str, secret: bytes, passphrase: str, entropy: Entropy) -> None:
        _write_durably(self.folder / name, seal(secret, passphrase, name, entropy), 0o600)

    def _read_secret(self, name: str, passphrase: str) -> bytes:
        with _file_errors(self.folder):
            raw = (self.folder / name).read_bytes()
        return unseal(raw, passphrase, name)

    def _with(self, key: PublicKey) -> "KeyRing":
        keys = {**self.keys, key.key_id: key}
        with _file_errors(self.folder):
            _write_durably(self.folder / JWKS_NAME, dump_jwks(keys.values()), 0o644)
        return replace(self, keys=keys)

    def key(self, key_id: str) -> PublicKey:
        """The public key with this id.

        Raises:
            CodeError: the ring has none.
        """
        if key_id not in self.keys:
            raise _refused(f"the ring has no key {key_id}", "id")
        return self.keys[key_id]

    def revoked(self, key_id: str, at: datetime) -> "KeyRing":
        """The ring with ``key_id`` revoked from ``at`` on, written to its folder."""
        return self._with(replace(self.key(key_id), revoked_at=at))

    def retired(self, key_id: str, at: datetime) -> "KeyRing":
        """The ring with ``key_id`` no longer signing from ``at`` on; its codes stay valid."""
        return self._with(replace(self.key(key_id), valid_to=at))

    def signing_key_id(self, now: datetime) -> str:
        """The id of the newest key that may sign at ``now``.

        Raises:
            CodeError: there is none.
        """
        able = [key for key in self.keys.values() if key.may_sign_at(now)]
        if not able:
            raise _refused("the ring has no key that may sign now")
        newest = max(able, key=lambda key: (key.valid_from is not None, key.valid_from or now))
        return newest.key_id

    def signer(self, key_id: str, passphrase: str) -> SeedSigner:
        """A signer with the private key of ``key_id``.

        Raises:
            CodeError: there is no such key, or the passphrase does not open it.
        """
        self.key(key_id)
        return SeedSigner(key_id, self._read_secret(_private_name(key_id), passphrase))

    def signing_seed(self, key_id: str, passphrase: str) -> bytes:
        """The private key itself, 32 bytes, for worker processes that sign in bulk."""
        self.key(key_id)
        return self._read_secret(_private_name(key_id), passphrase)

    def master_secret(self, passphrase: str) -> bytes:
        """The 32 bytes that serials and hidden codes are derived from."""
        return self._read_secret(MASTER_NAME, passphrase)
