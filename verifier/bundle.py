"""What a bundle must be, checked step by step; the first thing that is wrong is named.

Nothing in the bundle is trusted. Entries are believed because their hashes lead to a root that a
trusted key signed; what others signed because an entry holds its hash; every other file because
``contents.json`` holds its hash and the export's entry holds the hash of ``contents.json``.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from os import fstat
from pathlib import Path
from typing import Any

from verifier.anchors import KIND as ANCHOR
from verifier.anchors import check_demands, existed_by, read_anchors
from verifier.container import MAX_BYTES, open_container, write_container
from verifier.files import file_of, json_of, read_text
from verifier.notes import (
    Checkpoint,
    FormatError,
    Key,
    follow_hand_overs,
    read_checkpoint,
    read_key,
    read_proof,
)
from verifier.openings import check_attachments, check_disclosures, read_sources
from verifier.result import Problem, Result, WrongError, time_of
from verifier.signatures import UNKNOWN
from verifier.tree import leaf_hash, root_from_path
from verifier.trust import Trust

FORMAT = "tracewarden-evidence-bundle/2"
ROTATION = "key-rotation"
UNFORESEEN = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError,
              RecursionError, MemoryError)  # fmt: skip
"""What no file that we know of raises: whoever made one that does shall read a refusal."""

_ENTRY = re.compile(r"entries/(0|[1-9][0-9]{0,18})\.json")


def verify_file(path: Path, trust: Trust) -> Result:
    """Check a bundle in a file; one that is larger than bundles are is not read.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if (size := fstat(file.fileno()).st_size) > MAX_BYTES:
            detail = f"{size} bytes, of at most {MAX_BYTES}"
            return Result(first_problem=Problem("", "too-large", detail))
        return verify_bundle(file.read(MAX_BYTES + 1), trust)


def verify_bundle(data: bytes, trust: Trust) -> Result:
    """Check a bundle's bytes against the keys that the caller trusts."""
    result = Result()
    try:
        files = open_container(data)
        result.checked["bytes"] = len(data)
        verify_files(files, trust, result.checked)
        if write_container(files) != data:
            detail = "bytes between the files are not as they were written"
            raise WrongError("", "container-changed", detail)
    except WrongError as wrong:
        result.first_problem = wrong.problem
    except UNFORESEEN as error:
        detail = f"a form that this verifier does not read ({type(error).__name__})"
        result.first_problem = Problem("", "unreadable", detail)
    return result


def verify_files(files: Mapping[str, bytes], trust: Trust, checked: dict[str, Any]) -> None:
    """Check the files of a bundle; ``checked`` is filled with what was checked, as far as it was.

    Raises:
        WrongError: the first thing that is wrong.
    """
    logs = _keys_of_log(files, trust)
    checkpoint = _checkpoint(files, logs)
    checked |= {"origin": checkpoint.origin, "size": checkpoint.size}
    entries = _entries(files, checkpoint)
    checked["entries"] = len(entries)
    contents, export = _contents(files, entries, checkpoint)
    checked["export"] = export
    checked["files"] = _listed(files, contents, entries)
    listed = sorted(one["index"] for one in contents["entries"])
    bodies = [entries[index]["body"] for index in listed]
    # A hand-over of the key is proven by its two signatures, whoever else has seen it.
    exported = [index for index in listed if entries[index]["body"].get("kind") != ROTATION]
    bodies += read_sources(files, entries)
    checked["attachments"] = check_attachments(files, bodies)
    checked |= check_disclosures(files, bodies)
    anchors = read_anchors(files, entries, checkpoint, logs, trust)
    checked["anchors"] = [anchor.line() for anchor in anchors]
    earliest = {index: existed_by(index, anchors) for index in listed}
    checked["existed_by"] = [
        {"index": index, "time": time_of(signed.time), "name": signed.name}
        for index, signed in earliest.items()
        if signed is not None
    ]
    check_demands(exported, anchors, trust)


def _keys_of_log(files: Mapping[str, bytes], trust: Trust) -> list[Key]:
    """The trusted keys of logs, and those that they handed over to, as entries say."""
    notes = []
    for path in sorted((p for p in files if _ENTRY.fullmatch(p)), key=lambda p: (len(p), p)):
        body = _entry(path, files[path])["body"]
        if body.get("kind") == ROTATION and isinstance(body.get("hand_over"), str):
            notes.append((path, body["hand_over"]))
    keys = list(trust.logs)
    for path, note in notes:
        try:
            keys = follow_hand_overs(keys, [note])
        except FormatError as error:
            raise WrongError(path, "hand-over-invalid", str(error)) from None
    return keys


def _checkpoint(files: Mapping[str, bytes], logs: Sequence[Key]) -> Checkpoint:
    """The final checkpoint: signed by a trusted key, and by no key that nobody names."""
    name = "checkpoint"
    checkpoint = read_text(files, name, "checkpoint-invalid", read_checkpoint)
    own = [key for key in logs if key.name == checkpoint.origin]
    if not own:
        detail = f"no trusted key of the log {checkpoint.origin}"
        raise WrongError(name, "checkpoint-invalid", detail)
    try:
        if not checkpoint.note.signers(own):
            why = f" ({UNKNOWN})" if checkpoint.note.unknown(own) else ""
            raise FormatError(f"no trusted key of the log has signed the checkpoint{why}")
        named = [*own, *_claimed(files)]
        known = {(key.name, key.id) for key, _ in checkpoint.note.signers(named)}
        known |= {(key.name, key.id) for key in checkpoint.note.unknown(named)}
        if any((who, key_id) not in known for who, key_id, _ in checkpoint.note.signatures):
            raise FormatError("a key has signed that neither you nor the bundle names")
    except FormatError as error:
        raise WrongError(name, "checkpoint-invalid", str(error)) from None
    return checkpoint


def _claimed(files: Mapping[str, bytes]) -> list[Key]:
    """The keys that the bundle names as the log's own; they prove nothing."""
    lines = file_of(files, "keys.txt").decode("utf-8", "replace").splitlines()
    return [read_key(line) for line in lines if line and not line.startswith("#")]


def _entries(files: Mapping[str, bytes], checkpoint: Checkpoint) -> dict[int, dict[str, Any]]:
    """Each entry by its index, proven to stand in the tree that the checkpoint signs."""
    entries: dict[int, dict[str, Any]] = {}
    for path in sorted(files):
        if match := _ENTRY.fullmatch(path):
            index = int(match[1])
            _proven(files, path, index, checkpoint)
            entries[index] = _entry(path, files[path])
            if entries[index].get("seq") != index:
                raise WrongError(path, "entry-malformed", "the entry does not say its own place")
    for index, entry in entries.items():
        before = files.get(f"entries/{index - 1}.json")
        if before is not None and entry["prev"] != leaf_hash(before).hex():
            raise WrongError(f"entries/{index}.json", "chain-broken", "not behind the one before")
    return entries


def _proven(files: Mapping[str, bytes], path: str, index: int, checkpoint: Checkpoint) -> None:
    name = f"proofs/{index}.tlog-proof"
    proof = read_text(files, name, "proof-invalid", read_proof)
    if proof.note.encode() != files["checkpoint"]:
        raise WrongError(name, "proof-invalid", "it speaks of another checkpoint than the bundle's")
    if proof.index != index:
        raise WrongError(name, "proof-invalid", f"it speaks of entry {proof.index}")
    root = root_from_path(index, checkpoint.size, leaf_hash(files[path]), proof.path)
    if root != checkpoint.root:
        detail = "the entry and its proof do not lead to the signed root"
        raise WrongError(path, "not-in-log", detail)


def _entry(path: str, data: bytes) -> dict[str, Any]:
    entry = json_of(path, data)
    if not isinstance(entry, dict) or not isinstance(entry.get("body"), dict):
        raise WrongError(path, "entry-malformed", "an entry is an object with a body")
    if not isinstance(entry.get("prev"), str):
        raise WrongError(path, "entry-malformed", "the entry does not say what it is behind")
    return entry


def _contents(
    files: Mapping[str, bytes], entries: Mapping[int, dict[str, Any]], checkpoint: Checkpoint
) -> tuple[dict[str, Any], int]:
    """``contents.json``, whose hash the export's entry must hold. Beside what it lists, a bundle
    holds that entry and those of anchors."""
    name = "contents.json"
    data = file_of(files, name)
    contents = json_of(name, data)
    try:
        listed = {one["index"]: one["leaf_hash"] for one in contents["entries"]}
        shape = (contents["format"], contents["origin"], isinstance(contents["files"], dict))
    except (TypeError, KeyError):
        raise WrongError(name, "contents-malformed", "a member is missing") from None
    if not all(type(index) is int for index in listed):
        raise WrongError(name, "contents-malformed", "an entry's index is no integer")
    if shape != (FORMAT, checkpoint.origin, True):
        raise WrongError(name, "contents-malformed", "another format, or another log's")
    more = entries.keys() - listed.keys()
    exports = [index for index in more if entries[index]["body"].get("kind") != ANCHOR]
    if len(exports) != 1 or listed.keys() - entries.keys():
        raise WrongError(name, "entry-missing", "it lists other entries than the bundle holds")
    for index, value in listed.items():
        path = f"entries/{index}.json"
        if leaf_hash(files[path]).hex() != value:
            raise WrongError(path, "file-changed", "not the entry that was exported")
    (export,) = exports
    body = entries[export]["body"]
    if body.get("kind") != "evidence-export":
        path = f"entries/{export}.json"
        raise WrongError(path, "export-missing", "the export was not logged")
    if body.get("contents_sha256") != sha256(data).hexdigest():
        raise WrongError(name, "file-changed", "its hash is not the one that was logged")
    return contents, export


def _listed(
    files: Mapping[str, bytes], contents: Mapping[str, Any], entries: Mapping[int, Any]
) -> int:
    """Every file is listed with its hash, or an entry, a proof, the checkpoint or an anchor's."""
    listed = contents["files"]
    proven = {"contents.json", "checkpoint"}
    proven |= {f"entries/{index}.json" for index in entries}
    proven |= {f"proofs/{index}.tlog-proof" for index in entries}
    for name, about in listed.items():
        actual = sha256(file_of(files, name)).hexdigest()
        if not isinstance(about, dict) or actual != about.get("sha256"):
            raise WrongError(name, "file-changed", "its hash is not the one that was exported")
    for name in sorted(files.keys() - listed.keys() - proven):
        if not re.fullmatch(r"anchors/(0|[1-9][0-9]{0,18})/[^/]+", name):
            raise WrongError(name, "file-unknown", "a file that was not exported")
    return len(files)
