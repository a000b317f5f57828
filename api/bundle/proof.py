"""The part of a bundle's report that is about the proof: what it shows, its entries, its keys."""

from collections.abc import Mapping, Sequence

from api.bundle.told import shown_seconds
from api.negotiation import Language
from api.wording import Wording
from evidence.about import NOT_PROVEN_EN, NOT_PROVEN_ZH, PROVEN_EN, PROVEN_ZH
from evidence.entry import read_entry
from evidence.note import VerifierKey
from evidence.report import Section, Table
from evidence.tree import leaf_hash
from store.evidence_anchors import LoggedAnchor, Seen

_PROVEN: dict[Language, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (PROVEN_EN, NOT_PROVEN_EN),
    "zh": (PROVEN_ZH, NOT_PROVEN_ZH),
}


def proof(key: VerifierKey, w: Wording) -> list[Section]:
    """What is proven and what is not, how to check that, and the log's keys."""
    proven, not_proven = _PROVEN[w.language]
    return [
        Section(w("proven"), [w("proven_about")], proven),
        Section(w("not_proven"), points=not_proven),
        Section(w("verify"), [w("verify_about")]),
        Section(w("keys"), [w("keys_about")], [str(key)]),
    ]


def entries_section(
    entries: Mapping[int, bytes], known: Sequence[LoggedAnchor], w: Wording
) -> Section:
    """Every entry with its hash, and who signed for it from outside first."""
    rows = [
        (str(index), _kind(data, w), leaf_hash(data).hex(), _seen(known, index, w))
        for index, data in sorted(entries.items())
    ]
    head = (w("entry"), w("kind"), w("leaf"), w("seen_by"))
    return Section(w("entries"), [w("seen_about"), w("custody")], table=Table(head, rows))


def seen_first(known: Sequence[LoggedAnchor], index: int) -> Seen | None:
    """The first outsider who signed for a log that holds the entry."""
    first = next((one.anchor for one in known if one.anchor.size > index), None)
    return None if first is None else min(
        (*first.witnesses, *first.timestamps), key=lambda seen: seen.at
    )


def _seen(known: Sequence[LoggedAnchor], index: int, w: Wording) -> str:
    seen = seen_first(known, index)
    if seen is None:
        return w("seen_none")
    return f"{seen.name}, {shown_seconds(seen.at)}"


def _kind(data: bytes, w: Wording) -> str:
    body = read_entry(data).body
    kind = str(body.get("kind") or body.get("type") or "other")
    if kind == "signal" and (body.get("signal") or {}).get("withdraws"):
        kind = "withdrawal"
    return w(f"k_{kind}") if w.has(f"k_{kind}") else w("k_other")
