"""Serials that nobody guesses: a keyed permutation of the running index, for each GTIN its own.

A job's index (64 bits) goes through a Feistel network whose round function is AES-256, and is
written in 13 characters of Crockford's base32. A permutation has no collisions by construction, and
its inverse tells from a serial alone which index it was, so that no list of serials is kept: a
serial is issued exactly where its index lies in a job. With n serials issued a guess is right with
probability n / 2^64: for ten million 5.4 * 10^-13.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from codes.errors import CodeError
from codes.keyring import derive

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, U; unreserved in URIs and in QR's alphanumeric set."""

LENGTH = 13
"""Characters of a serial: 65 bits, of which the first is zero."""

INDICES = 2**64
"""How many serials each GTIN has."""

_ROUNDS = 10
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_SHIFTS = np.arange(60, -1, -5, dtype=np.uint64)
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}

_Words = npt.NDArray[np.uint32]


class SerialScheme:
    """The permutation of one GTIN. Numbers are indices and serials' values, both 64 bits."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = Cipher(algorithms.AES256(secret), modes.ECB())

    def _round(self, number: int, halves: _Words) -> _Words:
        """The round function over many halves: AES of round number and half, cut to 32 bits."""
        blocks = np.zeros((len(halves), 4), dtype=">u4")
        blocks[:, 0] = number
        blocks[:, 1] = halves
        encryptor = self._cipher.encryptor()
        output = np.frombuffer(encryptor.update(blocks.tobytes()), dtype=">u4")
        mixed: _Words = output[::4].astype(np.uint32)
        return mixed

    def values(self, indices: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """The value of each index."""
        left = (indices >> np.uint64(32)).astype(np.uint32)
        right = indices.astype(np.uint32)
        for number in range(_ROUNDS):
            left, right = right, left ^ self._round(number, right)
        return (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)

    def indices(self, values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """The index of each value: the inverse of ``values``."""
        left = (values >> np.uint64(32)).astype(np.uint32)
        right = values.astype(np.uint32)
        for number in reversed(range(_ROUNDS)):
            left, right = right ^ self._round(number, left), left
        return (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)

    def serials(self, first_index: int, count: int) -> list[str]:
        """The serials of ``count`` indices from ``first_index`` on.

        Raises:
            CodeError: the indices leave the range of 64 bits.
        """
        if first_index < 0 or count < 0 or first_index + count > INDICES:
            raise CodeError("indices lie in 0 to 2^64 - 1", field="first_index", type="job-invalid")
        indices = np.arange(count, dtype=np.uint64) + np.uint64(first_index)
        return _texts(self.values(indices))

    def index_of(self, serial: str) -> int | None:
        """The index of ``serial``, or ``None`` where it has not a serial's form."""
        value = _value(serial)
        if value is None:
            return None
        return int(self.indices(np.array([value], dtype=np.uint64))[0])

    def indices_of(self, serials: Sequence[str]) -> list[int | None]:
        """The index of each serial, as ``index_of`` but for many at once."""
        values = [_value(serial) for serial in serials]
        known = np.array([value for value in values if value is not None], dtype=np.uint64)
        found = iter(self.indices(known).tolist())
        return [None if value is None else next(found) for value in values]


def _texts(values: npt.NDArray[np.uint64]) -> list[str]:
    letters = _LETTERS[((values[:, None] >> _SHIFTS) & np.uint64(31)).astype(np.intp)]
    text = letters.tobytes().decode()
    return [text[at : at + LENGTH] for at in range(0, len(text), LENGTH)]


def _value(serial: str) -> int | None:
    if len(serial) != LENGTH:
        return None
    value = 0
    for letter in serial:
        digit = _VALUES.get(letter)
        if digit is None:
            return None
        value = value << 5 | digit
    return value if value < INDICES else None


class Serials:
    """All GTINs' permutations under one key ring's master secret."""

    def __init__(self, master_secret: bytes) -> None:
        self._master = master_secret
        self._of = lru_cache(maxsize=1024)(self._scheme)

    def _scheme(self, gtin: str) -> SerialScheme:
        return SerialScheme(derive(self._master, f"serials/{gtin}"))

    def of(self, gtin: str) -> SerialScheme:
        """The permutation of a GTIN of 14 digits."""
        return self._of(gtin)

    def index_of(self, gtin: str, serial: str) -> int | None:
        """The index that ``serial`` has among the serials of ``gtin``, if it has their form."""
        return self.of(gtin).index_of(serial)
