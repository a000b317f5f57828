"""What a bundle must be, checked step by step; the first thing that is wrong is named.

Nothing in the bundle is trusted. Entries are believed because their hashes lead to a root that a
trusted key signed; every other file because ``contents.json`` holds its hash and the export's entry
holds the hash of ``contents.json``.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any, TypeVar
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from verifier.notes import Checkpoint, FormatError, Trust, read_checkpoint, read_proof
from verifier.tree import leaf_hash, root_from_path

FORMAT = "tracewarden-evidence-bundle/1"
MAX_BYTES = 2 << 30
T = TypeVar("T")
_ENTRY = re.compile(r"entries/(0|[1-9][0-9]{0,18})\.json")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: the file, a stable word for it, and a sentence."""

    file: str
    problem: str
    detail: str


@dataclass(slots=True)
class Result:
    """What was checked, and the first problem; ``ok`` exactly where there is none."""

    checked: dict[str, Any] = field(default_factory=dict)
    first_problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether the bundle holds."""
        return self.first_problem is None


class _Error(Exception):
    def __init__(self, file: str, problem: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(file, problem, detail)


def verify_bundle(data: bytes, trust: Trust) -> Result:
    """Check a bundle's bytes against the keys that the caller trusts."""
    result = Result()
    try:
        _verify(data, trust, result.checked)
    except _Error as wrong:
        result.first_problem = wrong.problem
    return result


def _verify(data: bytes, trust: Trust, checked: dict[str, Any]) -> None:
    files = _open(data)
    checked["bytes"] = len(data)
    checkpoint = _checkpoint(files, trust)
    checked |= {"origin": checkpoint.origin, "size": checkpoint.size}
    checked["witnesses"] = [{"name": name, "time": at} for name, at in checkpoint.witnessed]
    entries = _entries(files, trust, checkpoint)
    checked["entries"] = len(entries)
    contents, export = _contents(files, entries, checkpoint)
    checked["export"] = export
    checked["files"] = _listed(files, contents, entries)
    bodies = [entry["body"] for index, entry in entries.items() if index != export]
    checked["attachments"] = _attachments(files, bodies)
    checked["disclosures"] = _disclosures(files, bodies)
    if _container(files) != data:
        raise _Error(
            "", "container-changed", "bytes between the files are not as they were written"
        )


def _open(data: bytes) -> dict[str, bytes]:
    """The files of the zip, each read in full, which also checks its CRC."""
    name = ""
    files: dict[str, bytes] = {}
    try:
        with ZipFile(BytesIO(data)) as bundle:
            members = bundle.infolist()
            if sum(member.file_size for member in members) > MAX_BYTES:
                raise _Error("", "too-large", f"more than {MAX_BYTES} bytes")
            for member in members:
                name = member.filename
                if name in files:
                    raise _Error(name, "file-twice", "two files of one name")
                if member.compress_type != ZIP_STORED or member.flag_bits & 1:
                    raise _Error(name, "container-changed", "the file is compressed or encrypted")
                files[name] = bundle.read(member)
    except (BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as error:
        raise _Error(name, "file-changed", f"not readable: {error}") from None
    return files


def _checkpoint(files: Mapping[str, bytes], trust: Trust) -> Checkpoint:
    with_name = "checkpoint"
    return _read(files, with_name, "checkpoint-invalid", lambda text: read_checkpoint(text, trust))


def _entries(
    files: Mapping[str, bytes], trust: Trust, checkpoint: Checkpoint
) -> dict[int, dict[str, Any]]:
    """Each entry by its index, proven to stand in the tree that the checkpoint signs."""
    entries: dict[int, dict[str, Any]] = {}
    for path in sorted(files):
        if match := _ENTRY.fullmatch(path):
            index = int(match[1])
            _proven(files, path, index, trust, checkpoint)
            entries[index] = _entry(path, files[path], index)
    for index in entries:
        before, entry = files.get(f"entries/{index - 1}.json"), entries[index]
        if before is not None and entry["prev"] != leaf_hash(before).hex():
            raise _Error(f"entries/{index}.json", "chain-broken", "not behind the entry before it")
    return entries


def _proven(
    files: Mapping[str, bytes], path: str, index: int, trust: Trust, checkpoint: Checkpoint
) -> None:
    name = f"proofs/{index}.tlog-proof"
    proof = _read(files, name, "proof-invalid", read_proof)
    if proof.note.encode() != files["checkpoint"]:
        raise _Error(name, "proof-invalid", "it speaks of another checkpoint than the bundle's")
    if proof.index != index:
        raise _Error(name, "proof-invalid", f"it speaks of entry {proof.index}")
    root = root_from_path(index, checkpoint.size, leaf_hash(files[path]), proof.path)
    if root != checkpoint.root:
        raise _Error(path, "not-in-log", "the entry and its proof do not lead to the signed root")


def _entry(path: str, data: bytes, index: int) -> dict[str, Any]:
    entry = _json(path, data)
    if not isinstance(entry, dict) or not isinstance(entry.get("body"), dict):
        raise _Error(path, "entry-malformed", "an entry is an object with a body")
    if entry.get("seq") != index or not isinstance(entry.get("prev"), str):
        raise _Error(path, "entry-malformed", "the entry does not say its own place")
    return entry


def _contents(
    files: Mapping[str, bytes], entries: Mapping[int, dict[str, Any]], checkpoint: Checkpoint
) -> tuple[dict[str, Any], int]:
    """``contents.json``, which the one entry that it does not list must hold the hash of."""
    name = "contents.json"
    data = _file(files, name)
    contents = _json(name, data)
    try:
        listed = {one["index"]: one["leaf_hash"] for one in contents["entries"]}
        shape = (contents["format"], contents["origin"], isinstance(contents["files"], dict))
    except (TypeError, KeyError):
        raise _Error(name, "contents-malformed", "a member is missing") from None
    if shape != (FORMAT, checkpoint.origin, True):
        raise _Error(name, "contents-malformed", "another format, or another log's")
    exports = entries.keys() - listed.keys()
    if len(exports) != 1 or listed.keys() - entries.keys():
        raise _Error(name, "entry-missing", "it lists other entries than the bundle holds")
    for index, value in listed.items():
        if leaf_hash(files[f"entries/{index}.json"]).hex() != value:
            raise _Error(f"entries/{index}.json", "file-changed", "not the entry that was exported")
    (export,) = exports
    body = entries[export]["body"]
    if body.get("kind") != "evidence-export":
        raise _Error(f"entries/{export}.json", "export-missing", "the export was not logged")
    if body.get("contents_sha256") != sha256(data).hexdigest():
        raise _Error(name, "file-changed", "its hash is not the one that was logged")
    return contents, export


def _listed(
    files: Mapping[str, bytes], contents: Mapping[str, Any], entries: Mapping[int, Any]
) -> int:
    """Every file is listed with its hash, or is an entry, a proof or the checkpoint."""
    listed = contents["files"]
    proven = {"contents.json", "checkpoint"}
    proven |= {f"entries/{index}.json" for index in entries}
    proven |= {f"proofs/{index}.tlog-proof" for index in entries}
    for name, about in listed.items():
        if not isinstance(about, dict) or sha256(_file(files, name)).hexdigest() != about.get(
            "sha256"
        ):
            raise _Error(name, "file-changed", "its hash is not the one that was exported")
    for name in sorted(files.keys() - listed.keys() - proven):
        raise _Error(name, "file-unknown", "a file that was not exported")
    return len(files)


def _attachments(files: Mapping[str, bytes], bodies: list[Any]) -> int:
    """The hash of each attachment stands in an entry."""
    logged = {text for body in bodies for text in _strings(body)}
    names = [name for name in sorted(files) if name.startswith("attachments/")]
    for name in names:
        if sha256(files[name]).hexdigest() not in logged:
            raise _Error(name, "not-in-log", "no entry holds the hash of this attachment")
    return len(names)


def _disclosures(files: Mapping[str, bytes], bodies: list[Any]) -> int:
    """Each disclosed value and salt give a commitment that stands in an entry."""
    name = "disclosures.json"
    logged = {text for body in bodies for text in _strings(body)}
    disclosed = _json(name, _file(files, name))
    try:
        openings = [(bytes.fromhex(one["salt"]), one["value_json"].encode()) for one in disclosed]
        claimed = [one["commitment"] for one in disclosed]
    except (TypeError, KeyError, ValueError, AttributeError):
        raise _Error(name, "disclosure-malformed", "no list of disclosures") from None
    for (salt, value), commitment in zip(openings, claimed, strict=True):
        actual = sha256(b"tracewarden-commitment/1\n" + salt + value).hexdigest()
        if len(salt) != 32 or actual != commitment or commitment not in logged:
            raise _Error(name, "not-in-log", f"no entry commits to the value of {commitment}")
    return len(openings)


def _container(files: Mapping[str, bytes]) -> bytes:
    """The zip in the one form in which bundles are written: sorted, stored, without times."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as out:
        for path in sorted(files):
            member = ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = 0o100644 << 16
            out.writestr(member, files[path])
    return buffer.getvalue()


def _read(files: Mapping[str, bytes], name: str, problem: str, reader: Callable[[str], T]) -> T:
    try:
        return reader(_file(files, name).decode("utf-8"))
    except (FormatError, UnicodeDecodeError) as error:
        raise _Error(name, problem, str(error)) from None


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise _Error(name, "file-missing", "the bundle does not hold it")
    return files[name]


def _json(name: str, data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _Error(name, "json-malformed", "no JSON") from None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _strings(member)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
