"""A bundle with everything in it, for the tests of both verifiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from evidence.bundle import Contents, DisclosedEvent
from evidence.commitments import commit
from evidence.entry import Entry
from evidence.note import SigningKey
from evidence.witness_policy import read_policy
from store.evidence_anchors import Anchor, Seen, keep_anchor
from store.evidence_export import entries_of_case, export, gather
from store.evidence_folder import LogFolder
from store.evidence_openings import keep
from store.evidence_writer import LogWriter, open_writer
from tests.outside.world import Chain, authority, make_chain, witness
from tracewarden.outside.anchoring import Outside, anchor
from tracewarden.outside.timestamping import Authority, timestamp

KEY = SigningKey.from_seed("example.com/log", bytes(32))
NEXT = SigningKey.from_seed("example.com/log", b"\7" * 32)
PHOTO = b"\xff\xd8 a photo of a receipt \xff\xd9"
SECRET = commit({"name": "李雷", "phone": "13800000000"}, b"\5" * 32)
RAW = '{"kind":"scan","event_id":"s1","uri":"https://id.brand.example/01/09506000134352/21/A1"}'
EVENT = commit(RAW, b"\6" * 32)


@dataclass(frozen=True)
class Anchored:
    """The file, what is trusted to hold it, and the witnesses' names."""

    data: bytes
    trust: str
    chain: Chain


def anchored_bundle(folder: Path, *, curve: bool = False) -> Anchored:
    """Entries, anchored by two witnesses and an authority, then a rotation, then the export."""
    log = LogFolder.create(folder / "log", None, KEY)
    chain = make_chain(folder / "authority", curve=curve)
    with (
        witness(folder / "w1", "w1.example", KEY.verifier) as (one, one_url),
        witness(folder / "w2", "w2.example", KEY.verifier) as (two, two_url),
        authority(chain) as authority_url,
    ):
        lines = [f"witness w1 {one.key.verifier} {one_url}",
                 f"witness w2 {two.key.verifier} {two_url}",
                 "group g all w1 w2", "quorum g"]  # fmt: skip
        outside = Outside(read_policy("\n".join(lines)), (Authority(authority_url, (chain.root,)),))
        with open_writer(log) as writer:
            fill(writer)
            assert not anchor(writer, outside).failures
            writer.rotate(NEXT, "2026-05-01T00:00:00Z")
        with open_writer(log) as writer:
            data = take_out(writer)
    trust = "\n".join([f"log {KEY.verifier}", *lines, "timestamps 1", chain.roots.read_text()])
    return Anchored(data, trust, chain)


def fill(writer: LogWriter) -> None:
    """A signal with its event, a person, and a photo."""
    with writer.transaction() as conn:
        keep(conn, [SECRET])
        signal = {"kind": "signal", "case_id": "C-1", "consumer": SECRET.in_entry(),
                  "sources": [EVENT.in_entry()]}  # fmt: skip
        photo = {"kind": "attachment", "case_id": "C-1", "sha256": sha256(PHOTO).hexdigest()}
        writer.log.append(conn, [Entry(None, signal), Entry(None, {"n": 1}), Entry(None, photo)])


def cosigned_bundle(folder: Path, at: int, *keys: SigningKey, more: str = "") -> bytes:
    """Entries, cosigned by these keys at one time, and by ``more`` lines; then the export."""
    log = LogFolder.create(folder / "log", None, KEY)
    with open_writer(log) as writer:
        fill(writer)
        note = writer.seal()
        cosigned = str(note.with_signatures([key.sign(note.text, at=at) for key in keys])) + more
        seen = tuple(Seen(key.name, at) for key in keys)
        with writer.transaction() as conn:
            signed = Anchor(3, {"checkpoint": cosigned.encode()}, seen, quorum=True)
            keep_anchor(conn, writer.log, signed)
        return take_out(writer)


def stamped_bundle(folder: Path, chains: Mapping[str, Chain]) -> bytes:
    """Entries, stamped by authorities under names of the exporter's choice; then the export."""
    log = LogFolder.create(folder / "log", None, KEY)
    with open_writer(log) as writer:
        fill(writer)
        note, files, seen = writer.seal(), dict[str, bytes](), list[Seen]()
        for name, chain in chains.items():
            with authority(chain) as url:
                asked = Authority(url, (chain.root,))
                response, stamp = timestamp(asked, note.text.encode(), timeout_s=10)
            files[f"{name}.tsr"] = response
            seen.append(Seen(name, stamp.at))
        with writer.transaction() as conn:
            made = Anchor(3, files | {"checkpoint": str(note).encode()}, timestamps=tuple(seen))
            keep_anchor(conn, writer.log, made)
        return take_out(writer)


def take_out(writer: LogWriter) -> bytes:
    """The case, with everything disclosed."""
    with writer.reading() as conn:
        found = gather(
            writer.log, conn, writer.verifier, case="C-1",
            indices=entries_of_case(writer.log, conn, "C-1"),
            attachments={"photo.jpg": PHOTO}, disclose=[SECRET.commitment],
        )  # fmt: skip
    contents = Contents(
        found.origin, found.case, found.entries, found.attachments, found.disclosures, found.keys,
        events=[DisclosedEvent(RAW.encode(), EVENT)], about={"report.html": b"<p>a report</p>"},
    )  # fmt: skip
    contents.check()
    return export(writer, contents, "arbitration").data
