"""``tracewarden evidence erase``: forget personal data; the log stays verifiable and says so."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.errors import EvidenceError
from store.evidence_folder import LogFolder
from store.evidence_openings import erase as erase_openings
from store.evidence_writer import open_writer
from store.instants import to_us
from tracewarden.commands.evidence_answers import carried_out, print_lines
from tracewarden.commands.evidence_source import Data, Log, Private
from tracewarden.installation import open_database


@carried_out
def erase(
    reason: Annotated[str, typer.Option("--reason", help="Why; it is logged.")],
    log: Log = None,
    data: Data = None,
    commitment: Annotated[
        list[str] | None, typer.Option("--commitment", help="Of a log of its own, in hex; repeat.")
    ] = None,
    event: Annotated[
        list[str] | None, typer.Option("--event", help="A stored scan, as scan:ID; repeat it.")
    ] = None,
    item: Annotated[
        list[str] | None, typer.Option("--item", help="All scans of this item's URI; repeat it.")
    ] = None,
    private: Private = None,
) -> None:
    """Erase salts and values of a log, or places and sessions of consumers' scans, and log that."""
    if log is not None and commitment and not (data or event or item):
        print_lines(_erase_commitments(log, private, commitment, reason))
    elif log is None and (event or item) and not commitment:
        print_lines([_erase_scans(data, event or [], item or [], reason)])
    else:
        detail = "give --log and --commitment, or --data and --event or --item"
        raise EvidenceError(detail, type="usage")


def _erase_commitments(
    log: Path, private: Path | None, commitments: list[str], reason: str
) -> list[dict[str, Any]]:
    with open_writer(LogFolder.at(log, private)) as writer, writer.transaction() as conn:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        done = erase_openings(conn, writer.log, commitments, reason=reason, at=at)
    return [{"index": one.index, "leaf_hash": one.leaf_hash.hex()} for one in done]


def _erase_scans(
    data: Path | None, events: list[str], items: list[str], reason: str
) -> dict[str, Any]:
    from store.event_erasures import erase_on_request  # slow to import: judging's rooms

    engine = open_database(data)
    try:
        now_us = to_us(datetime.now(UTC))
        done = erase_on_request(engine, events, items, reason, now_us=now_us, entropy=os.urandom)
    finally:
        engine.dispose()
    return {"scans": done.scans, "entries": done.entries}
