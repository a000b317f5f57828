"""Salted commitments: an entry holds the hash, salt and value stay outside and can be erased."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from evidence.canonical import canonical
from evidence.errors import EvidenceError

SALT_BYTES = 32
MEMBER = "commitment"
_DOMAIN = b"tracewarden-commitment/1\n"


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: the salt, and the value as canonical JSON text."""

    salt: bytes
    value_json: str

    @property
    def commitment(self) -> str:
        """SHA-256(domain ‖ salt ‖ canonical JSON of the value), in hex.

        The salt has a fixed length, so that no two pairs of salt and value run together.
        """
        return sha256(_DOMAIN + self.salt + self.value_json.encode()).hexdigest()

    def in_entry(self) -> dict[str, str]:
        """What stands in an entry in the value's place."""
        return {MEMBER: self.commitment}


def commit(value: object, salt: bytes) -> Opening:
    """A commitment to a JSON value under 32 random bytes, which the caller draws.

    Without its salt a commitment tells nothing even of a value that can be guessed.

    Raises:
        EvidenceError: the salt is of another length.
        EntryError: the value has no canonical form.
    """
    if len(salt) != SALT_BYTES:
        raise EvidenceError(f"a salt has {SALT_BYTES} bytes", field="salt", type="salt-invalid")
    return Opening(salt, canonical(value).decode())


def commitments_in(value: object) -> Iterator[str]:
    """The commitments that an entry's body holds, wherever they stand."""
    if isinstance(value, dict):
        held = value.get(MEMBER)
        if isinstance(held, str) and len(value) == 1:
            yield held
        else:
            for member in value.values():
                yield from commitments_in(member)
    elif isinstance(value, list):
        for item in value:
            yield from commitments_in(item)
