"""An evidence bundle: one zip file that a stranger can check without us.

Every byte of it is bound to the log. Entries are, by their inclusion proofs; all other files by
their hashes in ``contents.json``, whose own hash stands in the export's entry; and the container
itself has one form only, so that the verifier writes it again and compares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from evidence.canonical import canonical
from evidence.commitments import Opening, commitments_in
from evidence.entry import read_entry
from evidence.errors import EvidenceError
from evidence.tlog_proof import TlogProof
from evidence.tree import leaf_hash

FORMAT = "tracewarden-evidence-bundle/1"
EXPORT_KIND = "evidence-export"
CONTENTS = "contents.json"
DISCLOSURES = "disclosures.json"
README = "README.txt"
ATTACHMENTS = "attachments/"
KEYS = "keys.txt"

ABOUT = """\
Tracewarden evidence bundle

What it proves, once verified under keys that you hold from elsewhere:
- each file in entries/ stood in the log at its index, unchanged, when the checkpoint was signed;
- the order of the entries: each one holds its number and the hash of the one before;
- each file in attachments/, and each value in disclosures.json, is the one whose hash or
  commitment was logged;
- nothing was added to or taken from this bundle after its export was logged.
What it does not prove:
- that what was observed is true, or that nothing else was observed;
- the time of an entry, beyond the times at which witnesses or time-stamping authorities whose
  keys you trust have signed a checkpoint that covers it.

keys.txt names the keys that the log used. It proves nothing: take the keys that you trust from
another source. To verify: pip install the verifier, then
    tracewarden-verify BUNDLE --trust YOUR-KEYS.txt

本证据包经你从别处取得的密钥验证后,可以证明:entries/ 中每个文件在检查点签署时已在日志中的
相应位置且未被改动;条目的先后顺序;attachments/ 与 disclosures.json 中的内容即当时登记的内容;
导出登记之后本包未被增删。它不能证明:所观察到的事实本身为真,或没有其他观察;也不能证明条目的
时间,除非可信的见证方或时间戳机构签署过涵盖它的检查点。
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What an export holds, before its own entry is logged."""

    origin: str
    case: str | None
    entries: Mapping[int, bytes]
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    disclosures: Sequence[Opening] = ()
    keys: Sequence[str] = ()

    def files(self) -> dict[str, bytes]:
        """The files beside entries and proofs, by their path in the bundle."""
        disclosed = [
            {"commitment": one.commitment, "salt": one.salt.hex(), "value_json": one.value_json}
            for one in self.disclosures
        ]
        files = {
            README: ABOUT.encode(),
            KEYS: "".join(f"{key}\n" for key in self.keys).encode(),
            DISCLOSURES: canonical(disclosed),
        }
        files |= {ATTACHMENTS + name: data for name, data in self.attachments.items()}
        return files

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

    def export_body(self, purpose: str) -> dict[str, object]:
        """The body of the export's own entry."""
        body: dict[str, object] = {
            "kind": EXPORT_KIND,
            "purpose": purpose,
            "contents_sha256": sha256(self.listing()).hexdigest(),
        }
        return body if self.case is None else body | {"case_id": self.case}

    def check(self) -> None:
        """Check that what is disclosed and attached is what the entries speak of.

        Raises:
            EvidenceError: a disclosure or attachment that no entry commits to, or a bad name.
        """
        bodies = [read_entry(data).body for data in self.entries.values()]
        committed = {one for body in bodies for one in commitments_in(body)}
        for opening in self.disclosures:
            if opening.commitment not in committed:
                raise EvidenceError(f"no entry holds {opening.commitment}", type="not-committed")
        named = {text for body in bodies for text in _strings(body)}
        for name, data in self.attachments.items():
            if sha256(data).hexdigest() not in named:
                raise EvidenceError(f"no entry holds the hash of {name}", type="not-committed")
            if not name or set(name) & {"/", "\\", "\0"} or name.startswith("."):
                raise EvidenceError(f"{name!r} is no file name", type="name-invalid")


def write_bundle(
    contents: Contents, export: bytes, proofs: Mapping[int, TlogProof], checkpoint: str
) -> bytes:
    """The bundle's bytes: the same contents give the same file.

    Args:
        contents: what was exported; ``export`` is the stored entry that logs it.
        proofs: for every entry and the export, under ``checkpoint``.
    """
    files = contents.files() | {CONTENTS: contents.listing(), "checkpoint": checkpoint.encode()}
    entries = {**contents.entries, read_entry(export).seq: export}
    for index, data in entries.items():
        files[f"entries/{index}.json"] = data
        files[f"proofs/{index}.tlog-proof"] = str(proofs[index]).encode()
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
