"""What a service logs beside signals: the registry and its policy, and the keys of codes.

Each function appends in the caller's transaction, so that what was done and its entry are committed
together. What is personal or commercial stands as a salted commitment, whose opening is kept beside
the log. Steps on cases are logged by ``store.case_steps``, exports by ``store.evidence_export``,
erasures by ``store.evidence_openings`` and ``store.event_erasures``, hand-overs of the log's own
key by ``store.evidence_keys``.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection

from evidence.commitments import SALT_BYTES, Opening, commit
from evidence.entry import Entry
from store.evidence_log import Appended, EvidenceLog
from store.evidence_openings import keep

Entropy = Callable[[int], bytes]

REGISTRY_KIND = "registry"
POLICY_KIND = "policy"
KEY_KIND = "key-rotation"


def record_registry(
    conn: Connection, versions: Mapping[str, Any], *, source: str, policy_hash: str, at: str
) -> Appended:
    """Rows were added to the registry; ``versions`` as ``store.registry_versions`` says."""
    body = {"kind": REGISTRY_KIND, "at": at, "source": source, "policy_hash": policy_hash}
    return _append(conn, body | {"registry": dict(versions)})


def record_policy(
    conn: Connection,
    policy: Mapping[str, Any],
    *,
    policy_hash: str,
    before: str | None,
    at: str,
    what: Literal["proposed", "enacted"] = "enacted",
    from_at: str | None = None,
    by: str | None = None,
    why: str | None = None,
    entropy: Entropy = os.urandom,
) -> Appended:
    """Another policy is proposed, or is in force, at once or from ``from_at`` on; ``before`` is the
    hash of the one that it replaces, ``by`` whose step that was. Thresholds and reason stand by
    commitment."""
    opening = commit({"policy": policy, "why": why} if why else policy, entropy(SALT_BYTES))
    keep(conn, [opening])
    body: dict[str, Any] = {
        "kind": POLICY_KIND, "what": what, "at": at, "policy_hash": policy_hash, "before": before,
    }  # fmt: skip
    body |= {name: value for name, value in (("from", from_at), ("by", by)) if value is not None}
    return _append(conn, body | {"policy": opening.in_entry()})


def record_key(
    conn: Connection, *, change: str, key_id: str, public_key: str, effective_at: str, at: str
) -> Appended:
    """A key that signs codes is ``new``, ``retired`` or ``revoked``; ``public_key`` is hex."""
    body = {
        "kind": KEY_KIND, "of": "codes", "at": at, "change": change, "key_id": key_id,
        "public_key": public_key, "effective_at": effective_at,
    }  # fmt: skip
    return _append(conn, body)


def make_ready(conn: Connection) -> None:
    """Hold the log and check that it may grow, before something is done outside the transaction
    that could not be taken back.

    Raises:
        LogUnguardedError, LogBehindError, GuardError: it may not.
    """
    EvidenceLog().append(conn, [])


def committed(
    conn: Connection, values: Sequence[Any], entropy: Entropy = os.urandom
) -> list[Opening]:
    """Commitments to values, their openings kept; each value gets a salt of its own."""
    openings = [commit(value, entropy(SALT_BYTES)) for value in values]
    keep(conn, openings)
    return openings


def _append(conn: Connection, body: dict[str, Any]) -> Appended:
    return EvidenceLog().append(conn, [Entry(None, body)])[0]
