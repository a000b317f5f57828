"""``tracewarden evidence``: the log's lines for scripts (INTERFACES.md, 'The command line')."""

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.exc import SQLAlchemyError

from evidence.canonical import parse
from evidence.checkpoint import Checkpoint
from evidence.commitments import Opening
from evidence.commitments import commit as make_commitment
from evidence.entry import Entry, entry_from_line
from evidence.errors import EntryError, EvidenceError, ProofError
from evidence.note import SigningKey
from evidence.tlog_proof import TlogProof
from evidence.tree import consistency_proof, inclusion_proof, leaf_hash, verify_consistency
from store.evidence_anchors import check_anchors
from store.evidence_folder import LogFolder, new_seed
from store.evidence_fsck import Finding
from store.evidence_log import Appended, EvidenceLog
from store.evidence_openings import keep
from store.evidence_service import fsck_service
from store.evidence_tiles import write_tiles
from store.evidence_writer import LogWriter, open_writer
from tracewarden.commands import evidence_bundle, evidence_erasing, evidence_outside
from tracewarden.commands.evidence_answers import carried_out, print_lines
from tracewarden.commands.evidence_lines import MAX_LINE_BYTES, line_groups
from tracewarden.commands.evidence_source import (
    Data,
    Private,
    opened,
    reading,
    rebuild_log,
    refuse_both,
    rotate_service,
    service_database,
    service_guard,
    signed,
)
from tracewarden.commands.evidence_source import Log as AnyLog

app = typer.Typer(help="The evidence log: append, checkpoint, prove, check.", no_args_is_help=True)

Log = Annotated[Path, typer.Option("--log", help="Folder of the log.")]



@app.command()
@carried_out
def init(
    log: Log,
    name: Annotated[str, typer.Option("--name", help="Origin of the log, as example.com/log.")],
    private: Private = None,
) -> None:
    """Make an empty log and its key."""
    folder = LogFolder.create(log, private, SigningKey.from_seed(name, new_seed()))
    print_lines([{"public_key": str(folder.public_key())}])


@app.command()
@carried_out
def append(
    log: Log,
    lines: Annotated[
        typer.FileBinaryRead | None, typer.Argument(help="JSON Lines; stdin where absent.")
    ] = None,
    private: Private = None,
) -> None:
    """Append each line's object; its answer comes when it is durable and signed for."""
    wrong = False
    with open_writer(LogFolder.at(log, private)) as writer:
        descriptor = sys.stdin.fileno() if lines is None else lines.fileno()
        for group in line_groups(descriptor):
            answers = append_lines(writer, group)
            print_lines(answer_line(answer) for answer in answers)
            wrong |= any(isinstance(answer, EvidenceError) for answer in answers)
    raise typer.Exit(1 if wrong else 0)


def append_lines(writer: LogWriter, lines: Sequence[bytes]) -> list[Appended | EvidenceError]:
    """An answer for each line, in order: those that are entries go into the log as one group."""
    read = [_entry_or_error(line) for line in lines]
    appended = iter(writer.append([entry for entry in read if isinstance(entry, Entry)]))
    return [next(appended) if isinstance(entry, Entry) else entry for entry in read]


def _entry_or_error(line: bytes) -> Entry | EntryError:
    if len(line) > MAX_LINE_BYTES:
        detail = f"a line has at most {MAX_LINE_BYTES} bytes"
        return EntryError(detail, type="entry-too-large")
    try:
        return entry_from_line(line)
    except EntryError as error:
        return error


def answer_line(answer: Appended | EvidenceError) -> dict[str, Any]:
    """The answer as a line's JSON."""
    if isinstance(answer, EvidenceError):
        return {"ok": False, "error": answer.as_dict()}
    return {"index": answer.index, "leaf_hash": answer.leaf_hash.hex()}


@app.command()
@carried_out
def checkpoint(log: AnyLog = None, data: Data = None, private: Private = None) -> None:
    """Print the signed checkpoint of all that the log holds."""
    with signed(log, data, private) as view:
        _print_text(str(view.note))


@app.command()
@carried_out
def prove(
    index: Annotated[int, typer.Option("--index", min=0, help="Index of the entry.")],
    log: AnyLog = None,
    data: Data = None,
    size: Annotated[
        int | None, typer.Option("--size", min=1, help="Size of the tree; else all of it.")
    ] = None,
    private: Private = None,
) -> None:
    """Print a tlog-proof that the entry stands in the log."""
    with signed(log, data, private) as view:
        whole, note = Checkpoint.parse(view.note.text), view.note
        if size is not None and size != whole.size:
            if size > whole.size:
                raise ProofError(f"the log has {whole.size} entries", field="size")
            whole = Checkpoint(whole.origin, size, EvidenceLog().root_at(view.conn, size))
            note = view.sign(whole)
        path = inclusion_proof(index, whole.size, EvidenceLog().proving(view.conn))
        proof = TlogProof(index, tuple(path), note)
        (row,) = EvidenceLog().rows(view.conn, index, index + 1)
        proof.verify(leaf_hash(row.data), whole.origin, [view.key])
        _print_text(str(proof))


@app.command()
@carried_out
def consistency(
    old: Annotated[int, typer.Option("--from", min=0, help="Size of the earlier tree.")],
    new: Annotated[int, typer.Option("--to", min=0, help="Size of the later tree.")],
    log: AnyLog = None,
    data: Data = None,
) -> None:
    """Print the proof that the later tree begins with the earlier one."""
    with opened(log, data, None) as engine, reading(engine) as conn:
        size = EvidenceLog().head(conn).size
        if new > size:
            raise ProofError(f"the log has {size} entries", field="to")
        proof = consistency_proof(old, new, EvidenceLog().proving(conn))
        roots = [EvidenceLog().root_at(conn, one) for one in (old, new)]
        verify_consistency(old, new, roots[0], roots[1], proof)
    print_lines([{"from": old, "to": new, "proof": [node.hex() for node in proof]}])


@app.command()
@carried_out
def tiles(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    log: AnyLog = None,
    data: Data = None,
    private: Private = None,
) -> None:
    """Write the log as tlog-tiles: checkpoint, tile/…, tile/entries/…."""
    with signed(log, data, private) as view:
        written = sum(1 for _ in write_tiles(EvidenceLog(), view.conn, view.note, out))
        size = Checkpoint.parse(view.note.text).size
    print_lines([{"size": size, "files": written}])


@app.command()
@carried_out
def rotate(log: AnyLog = None, data: Data = None, private: Private = None) -> None:
    """Hand the log over to a new key, which the old one signs for; its writer must not run."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    if log is None:
        print_lines([{"public_key": str(rotate_service(data, private, at))}])
        return
    folder = LogFolder.at(log, private)
    with open_writer(folder) as writer:
        writer.rotate(SigningKey.from_seed(folder.public_key().name, new_seed()), at)
    print_lines([{"public_key": str(folder.public_key())}])


@app.command()
@carried_out
def rebuild(log: AnyLog = None, data: Data = None, private: Private = None) -> None:
    """Make leaf hashes, ids, tiles and head anew from the entries; its writer must not run."""
    print_lines([{"size": rebuild_log(log, data, private)}])


@app.command()
@carried_out
def fsck(log: AnyLog = None, data: Data = None, private: Private = None) -> None:
    """Hash every stored byte again and compare all that is derived from it."""
    found = print_lines(one.as_dict() for one in _findings(log, data, private))
    raise typer.Exit(1 if found else 0)


def _findings(log: Path | None, data: Path | None, private: Path | None) -> Iterator[Finding]:
    refuse_both(log, data)
    if log is None:
        guard = service_guard(data, private)
        with service_database(data) as engine, reading(engine) as conn:
            yield from fsck_service(conn, guard)
            yield from check_anchors(conn, EvidenceLog())
    else:
        folder = LogFolder.at(log, private)
        guard = folder.guard
        yield from folder.fsck()
        with suppress(sqlite3.Error, SQLAlchemyError), folder.reading() as conn:
            yield from check_anchors(conn, EvidenceLog())
    if guard is None or not guard.folder.is_dir():
        typer.echo("not compared with a signature: no private folder", err=True)


@app.command()
@carried_out
def commit(log: Log, private: Private = None) -> None:
    """Keep each line's ``{"value":…}`` beside the log, and answer with its commitment."""
    wrong = False
    with open_writer(LogFolder.at(log, private)) as writer:
        for group in line_groups(sys.stdin.fileno()):
            answers = [_opening(line) for line in group]
            with writer.transaction() as conn:
                keep(conn, [one for one in answers if isinstance(one, Opening)])
            print_lines(
                one.in_entry()
                if isinstance(one, Opening)
                else {"ok": False, "error": one.as_dict()}
                for one in answers
            )
            wrong |= any(isinstance(one, EvidenceError) for one in answers)
    raise typer.Exit(1 if wrong else 0)


def _opening(line: bytes) -> Opening | EntryError:
    try:
        value = parse(line)
        if not isinstance(value, dict) or set(value) != {"value"}:
            raise EntryError("a line is an object with a value", type="entry-not-object")
        return make_commitment(value["value"], new_seed())
    except EntryError as error:
        return error


def _print_text(text: str) -> None:
    """Exactly these bytes, whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


app.command()(evidence_erasing.erase)
app.command()(evidence_bundle.bundle)
app.command()(evidence_bundle.verify)
app.command()(evidence_outside.anchor)
app.command("anchors")(evidence_outside.list_anchors)
app.command()(evidence_outside.witness)
