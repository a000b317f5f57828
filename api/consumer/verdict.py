"""What the page says of a code: pure, from the signature, the registry and custody.

A signature proves that the brand issued the code, and no more: a printed code can be copied. So no
verdict says that an item is the brand's, and none speaks of dealers.
"""

from typing import Literal, NamedTuple

from codes.issued import Activation
from codes.signing import SignatureVerdict

VerdictName = Literal[
    "signed",
    "unsigned",
    "key-revoked",
    "forged",
    "unknown-key",
    "not-issued",
    "voided",
    "not-active",
    "recalled",
    "retired",
]
Level = Literal["ok", "note", "caution", "warning"]

LEVELS: dict[VerdictName, Level] = {
    "signed": "ok",
    "unsigned": "note",
    "key-revoked": "caution",
    "forged": "warning",
    "unknown-key": "warning",
    "not-issued": "warning",
    "voided": "warning",
    "not-active": "caution",
    "recalled": "warning",
    "retired": "warning",
}

RECALLED = frozenset({"recalled"})
RETIRED = frozenset({"destroyed", "disposed", "inactive", "stolen", "expired"})
"""CBV dispositions of items that should no longer be about."""


class CodeFacts(NamedTuple):
    """What is known of a code; ``issued`` and ``activation`` are None where nobody knows.

    ``outlives_revocation``: the registry says that its job was issued with the key, and before.
    """

    signature: SignatureVerdict
    product_known: bool
    issued: bool | None
    disposition: str | None
    activation: Activation | None = None
    outlives_revocation: bool = False


def verdict_of(facts: CodeFacts) -> VerdictName:
    """The gravest thing that can be said of the code."""
    if facts.signature == "invalid":
        return "forged"
    if facts.signature == "unknown-key":
        return "unknown-key"
    if not facts.product_known or facts.issued is False:
        return "not-issued"
    if facts.activation in ("spoiled", "lost"):
        return "voided"
    if facts.disposition in RECALLED:
        return "recalled"
    if facts.disposition in RETIRED:
        return "retired"
    if facts.activation == "not-reported":
        return "not-active"
    if facts.signature == "revoked-key" and not facts.outlives_revocation:
        return "key-revoked"
    return "unsigned" if facts.signature == "absent" else "signed"
