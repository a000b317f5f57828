"""``codes lookup``: the registry's answer on a code, which its signature alone does not give."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from codes.jwks import revoked_at_of
from codes.keyring import KeyRing
from codes.signing import verify_any
from registry import Registry
from store.registry import read_rows
from store.transactions import reading
from tracewarden.commands.keys import passphrase
from tracewarden.commands.line_streams import answer_lines
from tracewarden.installation import open_database
from tracewarden.keys_in_use import IssuedByJobs


def lookup_lines(source: Path | None, keys: Path, data: Path | None) -> bool:
    """Answer each URI of ``source``; whether every one is a code that may be about.

    Raises:
        CodeError: there is no key ring, or no passphrase that opens it.
    """
    ring = KeyRing.open(keys)
    trusted, secret = ring.keys, ring.master_secret(passphrase())
    engine = open_database(data)
    try:
        with reading(engine) as connection:
            registry = Registry(read_rows(connection)[1])
    finally:
        engine.dispose()
    issued = IssuedByJobs(lambda: secret, lambda: registry)

    def judged(line: bytes) -> tuple[dict[str, Any], bool]:
        found, error = verify_any(line.decode("utf-8", errors="replace"), trusted)
        issue = issued.find(found.gtin, found.serial) if found.gtin and found.serial else None
        revoked_at = revoked_at_of(found.key_id, trusted)
        outlives = issue is not None and issue.outlives(found.key_id, revoked_at)
        holds = found.ok or (found.signature == "revoked-key" and outlives)
        is_right = holds and issue is not None and issue.activation == "active"
        said = {
            **asdict(found),
            "ok": is_right,
            "job": issue.job.job if issue else None,
            "index": issue.index if issue else None,
            "issued_at": issue.job.issued_at.isoformat() if issue else None,
            "activation": issue.activation if issue else None,
        }
        return said if error is None else {**said, "error": error.as_dict()}, is_right

    return answer_lines(source, judged)
