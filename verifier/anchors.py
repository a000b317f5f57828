"""What others signed of the log: cosigned checkpoints and timestamps, under ``anchors/{size}/``.

Each anchor's entry holds the hashes of its files, so that every byte of them is the log's; what the
signatures are worth is decided by the keys and certificates that the caller trusts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from verifier.notes import Checkpoint, FormatError, Key, read_checkpoint
from verifier.result import WrongError, time_of
from verifier.signatures import UNKNOWN
from verifier.timestamps import read_timestamp
from verifier.tree import is_consistent
from verifier.trust import Trust

KIND = "anchor"
_PATH = re.compile(r"anchors/(0|[1-9][0-9]{0,18})/([^/]+)")
_NODE = re.compile(rb"([0-9a-f]{64}\n)*")


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody outside who signed, when, and whether the caller trusts them.

    A ``time`` of 0 states none (tlog-cosignature); ``why`` says why it counts for nothing though
    the caller named the key. ``root`` is that of a trusted authority, see ``Stamp``.
    """

    name: str
    time: int
    trusted: bool
    why: str | None = None
    root: bytes | None = None

    def line(self) -> dict[str, Any]:
        """As it is printed."""
        stated = time_of(self.time) if self.time else None
        line = {"name": self.name, "time": stated, "trusted": self.trusted}
        return line if self.why is None else line | {"why": self.why}


@dataclass(frozen=True, slots=True)
class Anchor:
    """What others signed of one size of the log."""

    size: int
    witnesses: tuple[Signed, ...]
    timestamps: tuple[Signed, ...]
    quorum: bool

    def line(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "size": self.size,
            "quorum": self.quorum,
            "witnesses": [one.line() for one in self.witnesses],
            "timestamps": [one.line() for one in self.timestamps],
        }


def read_anchors(
    files: Mapping[str, bytes],
    entries: Mapping[int, dict[str, Any]],
    final: Checkpoint,
    logs: Sequence[Key],
    trust: Trust,
) -> list[Anchor]:
    """Every anchor of the bundle, checked against its entry and the final checkpoint.

    Raises:
        WrongError: one of them does not hold.
    """
    folders: dict[int, dict[str, bytes]] = {}
    for path in sorted(files):
        if match := _PATH.fullmatch(path):
            folders.setdefault(int(match[1]), {})[match[2]] = files[path]
    logged = {
        body["size"]: body.get("files")
        for body in (entry["body"] for entry in entries.values())
        if body.get("kind") == KIND and isinstance(body.get("size"), int)
    }
    anchors = []
    for size in sorted(folders):
        _check_logged(size, folders[size], logged)
        anchors.append(_anchor(size, folders[size], final, logs, trust))
    return anchors


def _check_logged(size: int, held: Mapping[str, bytes], logged: Mapping[int, Any]) -> None:
    """The files are those whose hashes the anchor's entry holds."""
    if not isinstance(logged.get(size), dict):
        raise WrongError(f"anchors/{size}", "not-in-log", "no entry speaks of this anchor")
    for name in sorted(held.keys() - {"consistency"}):
        if sha256(held[name]).hexdigest() != logged[size].get(name):
            detail = "its hash is not the one that was logged"
            raise WrongError(f"anchors/{size}/{name}", "file-changed", detail)
    for name in sorted({"checkpoint", "consistency"} | logged[size].keys()):
        if name not in held:
            detail = "the bundle does not hold it"
            raise WrongError(f"anchors/{size}/{name}", "file-missing", detail)


def _anchor(
    size: int, held: Mapping[str, bytes], final: Checkpoint, logs: Sequence[Key], trust: Trust
) -> Anchor:
    path = f"anchors/{size}/checkpoint"
    try:
        seen = read_checkpoint(held["checkpoint"].decode("utf-8"))
        if (seen.origin, seen.size) != (final.origin, size) or not seen.note.signers(logs):
            raise FormatError("it is not of this log and size, or not signed by its key")
        cosigned = seen.note.signers(trust.witnesses.values())
        unknown = seen.note.unknown(trust.witnesses.values())
    except (FormatError, UnicodeDecodeError) as error:
        raise WrongError(path, "anchor-invalid", str(error)) from None
    _check_consistency(size, held["consistency"], seen, final)
    trusted = {key.name for key, _ in cosigned}
    witnesses = [Signed(k.name, int.from_bytes(data[:8]), True) for k, data in cosigned]
    witnesses += [Signed(key.name, 0, False, UNKNOWN) for key in unknown]
    known = {key.name for key in logs} | trusted | {key.name for key in unknown}
    strangers = sorted({name for name, _, _ in seen.note.signatures} - known)
    witnesses += [Signed(name, _stated(seen, name), False) for name in strangers]
    keys = {key for key, _ in cosigned}
    is_quorum = bool(keys) and trust.has_quorum(keys)
    return Anchor(size, tuple(witnesses), _timestamps(size, held, seen, trust), is_quorum)


def _stated(seen: Checkpoint, name: str) -> int:
    """The time that an unknown witness's signature begins with."""
    return next(
        (int.from_bytes(data[:8]) for who, _, data in seen.note.signatures if who == name), 0
    )


def _check_consistency(size: int, text: bytes, seen: Checkpoint, final: Checkpoint) -> None:
    nodes = [bytes.fromhex(line) for line in text.decode("ascii", "replace").split("\n")[:-1]] \
        if _NODE.fullmatch(text) else None  # fmt: skip
    if nodes is None or not is_consistent(size, final.size, seen.root, final.root, nodes):
        detail = "the final checkpoint's log does not begin with the one that was anchored"
        raise WrongError(f"anchors/{size}/consistency", "not-consistent", detail)


def _timestamps(
    size: int, held: Mapping[str, bytes], seen: Checkpoint, trust: Trust
) -> tuple[Signed, ...]:
    found = []
    for name in sorted(held):
        if name.endswith(".tsr"):
            try:
                stamp = read_timestamp(held[name], seen.note.text.encode(), trust.roots)
            except FormatError as error:
                path = f"anchors/{size}/{name}"
                raise WrongError(path, "timestamp-invalid", str(error)) from None
            who = name.removesuffix(".tsr")
            found.append(Signed(who, stamp.time, stamp.trusted, root=stamp.root))
    return tuple(found)


def existed_by(index: int, anchors: Sequence[Anchor]) -> Signed | None:
    """The earliest that somebody whom the caller trusts signed for the entry."""
    signed = [
        one
        for anchor in anchors
        if anchor.size > index
        for one in (*anchor.witnesses, *anchor.timestamps)
        if one.trusted and one.time
    ]
    return min(signed, key=lambda one: one.time, default=None)


def check_demands(indices: Sequence[int], anchors: Sequence[Anchor], trust: Trust) -> None:
    """As many have signed for every entry as the caller asks for.

    Raises:
        WrongError: fewer have.
    """
    for index in indices:
        covering = [anchor for anchor in anchors if anchor.size > index]
        path = f"entries/{index}.json"
        if trust.quorum and not any(anchor.quorum for anchor in covering):
            passed_over = {one.name for a in covering for one in a.witnesses if one.why}
            why = "".join(f"; {name}: {UNKNOWN}" for name in sorted(passed_over))
            detail = f"no quorum of witnesses that you trust has signed for it{why}"
            raise WrongError(path, "quorum-missing", detail)
        stamped = {one.root for a in covering for one in a.timestamps if one.trusted}
        if len(stamped) < trust.timestamps:
            detail = (
                f"{len(stamped)} of {trust.timestamps} authorities that you trust signed for it"
            )
            raise WrongError(path, "timestamps-missing", detail)
