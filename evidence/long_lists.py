"""Lists that are too long for an entry: they enter by commitment, so that no entry outgrows its
65,535 bytes because a case is large."""

from collections.abc import Callable, Mapping
from typing import Any

from evidence.commitments import SALT_BYTES, Opening, commit

MOST_IN_ENTRY = 200
"""Items that a list in an entry has at most: of three lists of hashes or commitments all fit."""


def commit_long_lists(
    body: Mapping[str, Any], entropy: Callable[[int], bytes]
) -> tuple[dict[str, Any], list[Opening]]:
    """The body with a salted commitment in the place of each longer list, and what opens them.

    Args:
        entropy: gives that many random bytes, for a salt.
    """
    openings: list[Opening] = []

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: short(member) for key, member in value.items()}
        if isinstance(value, list) and len(value) > MOST_IN_ENTRY:
            openings.append(commit(value, entropy(SALT_BYTES)))
            return openings[-1].in_entry()
        return value

    return {key: short(member) for key, member in body.items()}, openings
