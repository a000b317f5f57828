"""The hidden code under a scratch-off layer: short, derived by keyed hash, stored nowhere.

It proves possession of the opened package. Six characters of 32 are 2^30: a caller that allows ten
tries an item lets a guesser through once in a hundred million. What was used is the caller's to
remember, by ``fingerprint`` and never in the clear.
"""

import hmac

from codes.keyring import derive
from codes.serials import ALPHABET

LENGTH = 6
"""Characters of a hidden code."""

TRIES = 10
"""How many tries an item deserves before it is closed for good."""

_LOOKALIKES = str.maketrans("ILOU", "110V")


class HiddenCodes:
    """Hidden codes under one key ring's master secret."""

    def __init__(self, master_secret: bytes) -> None:
        self._key = derive(master_secret, "hidden-code")
        self._fingerprint_key = derive(master_secret, "hidden-code-fingerprint")

    def code(self, gtin: str, serial: str) -> str:
        """The item's hidden code."""
        digest = hmac.digest(self._key, f"{gtin}/{serial}".encode(), "sha256")
        return "".join(ALPHABET[byte & 31] for byte in digest[:LENGTH])

    def matches(self, gtin: str, serial: str, typed: str) -> bool:
        """Whether ``typed`` is the item's hidden code; case, blanks and look-alikes forgiven."""
        entered = "".join(typed.split()).replace("-", "").upper().translate(_LOOKALIKES)
        return hmac.compare_digest(entered.encode(), self.code(gtin, serial).encode())

    def fingerprint(self, gtin: str, serial: str) -> str:
        """What a used code may be remembered by: it does not give the code away."""
        message = f"{gtin}/{serial}".encode()
        return hmac.digest(self._fingerprint_key, message, "sha256").hex()
