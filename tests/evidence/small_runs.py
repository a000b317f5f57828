"""The index of ids with runs of a few entries, and ids of which many look alike to it."""

from hashlib import sha256

import pytest

from evidence import entry
from store import evidence_fsck, evidence_ids, evidence_known_ids, evidence_log

RUN = 8


def make_small(patch: pytest.MonkeyPatch) -> None:
    """Runs of ``RUN`` entries; all ids in memory after three look-ups, sorted by the five."""
    patch.setattr(evidence_ids, "RUN_ENTRIES", RUN)
    patch.setattr(evidence_fsck, "RUN_ENTRIES", RUN)
    patch.setattr(evidence_known_ids, "FEW_LOOK_UPS", 3)
    patch.setattr(evidence_known_ids, "YOUNG_IDS", 5)


def make_alike(patch: pytest.MonkeyPatch) -> None:
    """Hashes of ids of which only three beginnings of eight bytes exist."""
    for module in (entry, evidence_log, evidence_fsck):
        patch.setattr(module, "id_hash", alike)


def alike(identity: str) -> bytes:
    whole = sha256(identity.encode()).digest()
    return bytes([whole[0] % 3]) * 8 + whole[8:]
