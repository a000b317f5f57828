"""An evidence bundle: one zip file that a stranger can check without us.

Every byte of it is bound to the log. Entries are, by their inclusion proofs; what others signed, by
the entry of its anchor; all other files by their hashes in ``contents.json``, whose own hash stands
in the export's entry; and the container itself has one form only, so that the verifier writes it
again and compares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from evidence.about import ABOUT
from evidence.canonical import canonical, parse
from evidence.commitments import Opening, commitments_in
from evidence.entry import read_entry
from evidence.errors import EvidenceError
from evidence.tlog_proof import TlogProof
from evidence.tree import leaf_hash

FORMAT = "tracewarden-evidence-bundle/2"
EXPORT_KIND = "evidence-export"
CONTENTS = "contents.json"
DISCLOSURES = "disclosures.json"
README = "README.txt"
ATTACHMENTS = "attachments/"
EVENTS = "events/"
SOURCES = "sources/"
KEYS = "keys.txt"


@dataclass(frozen=True, slots=True)
class DisclosedEvent:
    """A stored event, byte for byte, and the salt of the commitments to it."""

    raw: bytes
    opening: Opening

    @property
    def path(self) -> str:
        """Its file in the bundle."""
        return f"{EVENTS}{self.opening.commitment}.json"


@dataclass(frozen=True, slots=True)
class Contents:
    """What an export holds, before its own entry is logged.

    ``about`` are files that say more and that no entry speaks of: report, policy, registry.
    ``sources`` are, by entry, the lists of commitments that an entry holds only the hash of.
    """

    origin: str
    case: str | None
    entries: Mapping[int, bytes]
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    disclosures: Sequence[Opening] = ()
    keys: Sequence[str] = ()
    events: Sequence[DisclosedEvent] = ()
    sources: Mapping[int, bytes] = field(default_factory=dict)
    about: Mapping[str, bytes] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        """The files beside entries, proofs and anchors, by their path in the bundle."""
        disclosed: list[dict[str, str]] = [
            {"commitment": one.commitment, "salt": one.salt.hex(), "value_json": one.value_json}
            for one in self.disclosures
        ]
        disclosed += [
            {"commitment": e.opening.commitment, "salt": e.opening.salt.hex(), "file": e.path}
            for e in self.events
        ]
        files = {
            README: ABOUT.encode(),
            KEYS: "".join(f"{key}\n" for key in self.keys).encode(),
            DISCLOSURES: canonical(disclosed),
        }
        files |= {ATTACHMENTS + name: data for name, data in self.attachments.items()}
        files |= {event.path: event.raw for event in self.events}
        files |= {f"{SOURCES}{index}.json": data for index, data in self.sources.items()}
        return files | dict(self.about)

    def listing(self) -> bytes:
        """``contents.json``: every file's size and hash, every entry's index and leaf hash."""
        files = {
            path: {"bytes": len(data), "sha256": sha256(data).hexdigest()}
            for path, data in self.files().items()
        }
        entries = [
            {"index": index, "leaf_hash": leaf_hash(data).hex()}
            for index, data in sorted(self.entries.items())
        ]
        return canonical(
            {"format": FORMAT, "origin": self.origin, "case": self.case, "entries": entries,
             "files": files}
        )  # fmt: skip

    def export_body(self, purpose: str, custody: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The body of the export's own entry; ``custody`` says who took it out, and when."""
        body: dict[str, Any] = {
            "kind": EXPORT_KIND,
            "purpose": purpose,
            "contents_sha256": sha256(self.listing()).hexdigest(),
            "disclosed": len(self.disclosures) + len(self.events),
        }
        body |= custody or {}
        return body if self.case is None else body | {"case_id": self.case}

    def check(self) -> None:
        """Check that what is disclosed and attached is what the entries speak of.

        Raises:
            EvidenceError: a disclosure or attachment that no entry commits to, or a bad name.
        """
        bodies: list[Any] = [read_entry(data).body for data in self.entries.values()]
        bodies += [parse(data) for data in self.sources.values()]
        committed = {one for body in bodies for one in commitments_in(body)}
        for opening in (*self.disclosures, *(event.opening for event in self.events)):
            if opening.commitment not in committed:
                raise EvidenceError(f"no entry holds {opening.commitment}", type="not-committed")
        named = {text for body in bodies for text in _strings(body)}
        for name, data in self.attachments.items():
            if sha256(data).hexdigest() not in named:
                raise EvidenceError(f"no entry holds the hash of {name}", type="not-committed")
            if not name or set(name) & {"/", "\\", "\0"} or name.startswith("."):
                raise EvidenceError(f"{name!r} is no file name", type="name-invalid")


@dataclass(frozen=True, slots=True)
class BundledAnchor:
    """What others signed of one size: its files by name, its entry, and the proof that the final
    checkpoint's tree begins with it."""

    size: int
    files: Mapping[str, bytes]
    entry: bytes
    consistency: Sequence[bytes]


def write_bundle(
    contents: Contents,
    export: bytes,
    anchors: Sequence[BundledAnchor],
    proofs: Mapping[int, TlogProof],
    checkpoint: str,
) -> bytes:
    """The bundle's bytes: the same contents give the same file.

    Args:
        contents: what was exported; ``export`` is the stored entry that logs it.
        anchors: what others signed, each with the entry that logs it.
        proofs: for every entry, the export's and the anchors' too, under ``checkpoint``.
    """
    files = contents.files() | {CONTENTS: contents.listing(), "checkpoint": checkpoint.encode()}
    entries = {**contents.entries}
    for data in (export, *(anchor.entry for anchor in anchors)):
        entries[read_entry(data).seq] = data
    for index, data in entries.items():
        files[f"entries/{index}.json"] = data
        files[f"proofs/{index}.tlog-proof"] = str(proofs[index]).encode()
    for anchor in anchors:
        folder = f"anchors/{anchor.size}"
        files |= {f"{folder}/{name}": data for name, data in anchor.files.items()}
        nodes = "".join(f"{node.hex()}\n" for node in anchor.consistency)
        files[f"{folder}/consistency"] = nodes.encode()
    return container(files)


def container(files: Mapping[str, bytes]) -> bytes:
    """A zip file in its one form: sorted, stored, without times or further fields."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as out:
        for path in sorted(files):
            member = ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = 0o100644 << 16
            out.writestr(member, files[path])
    return buffer.getvalue()


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for member in inner for text in _strings(member)]
