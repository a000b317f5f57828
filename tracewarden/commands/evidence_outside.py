"""``tracewarden evidence anchor``, ``anchors`` and ``witness``: the log as others see it."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.note import VerifierKey
from store.evidence_anchors import LoggedAnchor, anchors, check_anchors, longest_unanchored
from store.evidence_log import EvidenceLog
from store.witness_folder import WitnessFolder
from tracewarden.commands.evidence_answers import carried_out, print_lines
from tracewarden.commands.evidence_source import Data, Log, Private, appending, reading_log
from tracewarden.outside.anchoring import TIMEOUT_S
from tracewarden.outside.anchoring import anchor as ask_outside
from tracewarden.outside.configured import outside_of
from tracewarden.settings import Settings

Policy = Annotated[
    Path | None, typer.Option("--policy", help="Witnesses and quorum, as C2SP tlog-policy.")
]
Authorities = Annotated[
    list[str] | None,
    typer.Option("--timestamps", help="Address of an RFC 3161 authority; repeat it."),
]
Roots = Annotated[
    Path | None, typer.Option("--timestamp-roots", help="Its root certificates, PEM.")
]


@carried_out
def anchor(
    log: Log = None,
    data: Data = None,
    policy: Policy = None,
    authorities: Authorities = None,
    roots: Roots = None,
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for each of them.")
    ] = TIMEOUT_S,
    private: Private = None,
) -> None:
    """Have witnesses cosign the newest checkpoint, and authorities say its time; log it."""
    outside = outside_of(Settings(), policy, authorities, roots, timeout_s)
    with appending(log, data, private) as signed:
        done = ask_outside(signed, outside)
    for failure in done.failures:
        typer.echo(f"{failure.type}: {failure.detail}", err=True)
    if done.logged is not None:
        print_lines([anchor_line(done.logged)])
    is_good = done.logged is not None and done.logged.anchor.counts and not done.failures
    raise typer.Exit(0 if is_good else 1)


@carried_out
def list_anchors(log: Log = None, data: Data = None, private: Private = None) -> None:
    """Print every anchor, and last the longest interval without one."""
    with reading_log(log, data) as conn:
        wrong = list(check_anchors(conn, EvidenceLog()))
        found = [] if wrong else anchors(conn, EvidenceLog())
    for finding in wrong:
        print_lines([finding.as_dict()])
    if not wrong:
        print_lines(anchor_line(one) for one in found)
        print_lines([interval_line(found, now=int(time.time()))])
    raise typer.Exit(1 if wrong else 0)


@carried_out
def witness(
    data: Annotated[Path, typer.Option("--data", help="The witness's own folder.")],
    logs: Annotated[
        Path, typer.Option("--logs", help="Verifier keys of the logs to witness, one a line.")
    ],
    listen: Annotated[
        str, typer.Option("--listen", help="Address to listen on, HOST:PORT.")
    ] = "127.0.0.1:0",
    name: Annotated[
        str | None, typer.Option("--name", help="Name of a new witness, as example.com/w1.")
    ] = None,
) -> None:
    """Run a witness: cosign checkpoints of these logs as long as they only grow."""
    from tracewarden.outside.witness_server import serve_witness  # a server is slow to import

    folder = WitnessFolder.open(data, name, os.urandom(32), read_log_keys(logs))

    def ready(address: str) -> None:
        print_lines([{"public_key": str(folder.key.verifier), "url": address}])

    serve_witness(folder, listen, ready, clock=lambda: datetime.now(UTC))


def read_log_keys(path: Path) -> list[VerifierKey]:
    """Verifier keys, one a line; ``#`` begins a comment.

    Raises:
        NoteError: a line is none.
    """
    lines = (line.split("#", 1)[0].strip() for line in path.read_text("utf-8").splitlines())
    return [VerifierKey.parse(line) for line in lines if line]


def anchor_line(logged: LoggedAnchor) -> dict[str, Any]:
    """An anchor as a line."""
    one = logged.anchor
    return {
        "index": logged.index,
        "size": one.size,
        "quorum": one.quorum,
        "counts": one.counts,
        "witnesses": {seen.name: _time(seen.at) for seen in one.witnesses},
        "timestamps": {seen.name: _time(seen.at) for seen in one.timestamps},
    }


def interval_line(found: list[LoggedAnchor], *, now: int) -> dict[str, Any]:
    """The longest interval without an anchor that counts, as a line; null where there was none."""
    longest = longest_unanchored(found, now=now)
    return {
        "anchors": sum(one.anchor.counts for one in found),
        "longest_unanchored_s": None if longest is None else longest.seconds,
        "from": None if longest is None else _time(longest.begin),
        "to": None if longest is None else _time(longest.end),
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
