"""The report of what is taken out, in plain words: once in Chinese, once in English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import Connection

from api.bundle.judged_by import judged_by
from api.bundle.report_map import map_of_events
from api.bundle.subject import Subject
from api.bundle.timeline import Moment, moments_of
from api.console.cards import shown_card
from api.console.cases.exposure import exposure_words
from api.console.lines import dealer_name, territory_name
from api.negotiation import Language
from api.services import Records
from api.wording import Wording
from events.identity import is_deadline
from evidence.about import NOT_PROVEN_EN, NOT_PROVEN_ZH, PROVEN_EN, PROVEN_ZH
from evidence.bundle import Contents
from evidence.entry import read_entry
from evidence.note import VerifierKey
from evidence.report import Report, Section, Table
from evidence.tree import leaf_hash
from store.evidence_anchors import LoggedAnchor, anchors
from store.evidence_log import EvidenceLog
from store.evidence_sources import Source
from store.instants import from_us, to_us

MOST_FINDINGS = 40
_LANGUAGES: tuple[Language, ...] = ("zh", "en")
_PROVEN: dict[Language, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (PROVEN_EN, NOT_PROVEN_EN),
    "zh": (PROVEN_ZH, NOT_PROVEN_ZH),
}


@dataclass(frozen=True, slots=True)
class _Told:
    """All that the report speaks of."""

    records: Records
    subject: Subject
    entries: Mapping[int, bytes]
    shown: Sequence[Source]
    moments: Sequence[Moment]
    anchors: Sequence[LoggedAnchor]
    files: Sequence[str]
    officer: str
    purpose: str
    at: str
    key: VerifierKey


def reports(
    records: Records,
    conn: Connection,
    subject: Subject,
    entries: Mapping[int, bytes],
    shown: Sequence[Source],
    files: Sequence[str],
    *,
    officer: str,
    purpose: str,
    at: str,
    key: VerifierKey,
) -> list[Report]:
    """The report in both languages.

    Args:
        entries: what is taken out, by index; ``shown`` are the events that are opened.
        files: names of attachments.
        at: when, RFC 3339; ``key`` is the log's own.
    """
    known = [one for one in anchors(conn, EvidenceLog()) if one.anchor.counts]
    moments = moments_of(subject, shown)
    told = _Told(
        records, subject, entries, shown, moments, known, files, officer, purpose, at, key
    )
    return [_report(told, Wording("api.bundle", language)) for language in _LANGUAGES]


def log_reports(
    conn: Connection, contents: Contents, *, officer: str, purpose: str, at: str, key: VerifierKey
) -> list[Report]:
    """The report of entries out of a log of its own, of which nothing more is known."""
    known = [one for one in anchors(conn, EvidenceLog()) if one.anchor.counts]
    found = []
    for language in _LANGUAGES:
        w = Wording("api.bundle", language)
        case = contents.case
        title = w("title_log") if case is None else w("title_case", id=case)
        counts = {"entries": len(contents.entries), "files": len(contents.attachments)}
        short = [w("purpose", purpose=purpose)] if purpose else []
        sections = [
            Section(w("short"), [*short, w("counted", events=0, **counts)]),
            *_proof(contents.entries, known, key, w),
        ]
        subtitle = w("subtitle", at=_time(at), officer=officer, origin=key.name)
        found.append(Report(language, title, subtitle, sections))
    return found


def _report(told: _Told, w: Wording) -> Report:
    subject = told.subject
    title = w("title_case", id=subject.case_id[:16]) if subject.case_id else w(
        "title_alerts", rule=_title(subject, w.language)
    )  # fmt: skip
    *proof, keys, verify = _proof(told.entries, told.anchors, told.key, w)
    sections = [
        Section(w("short"), _short(told, w)),
        Section(w("happened"), points=_findings(subject, w)),
        *_rules(subject, w),
        _where(told, w),
        _timeline(told, w),
        *proof,
        _judged(told, w),
        keys,
        verify,
    ]
    subtitle = w("subtitle", at=_time(told.at), officer=told.officer, origin=told.key.name)
    return Report(w.language, title, subtitle, sections)


def _proof(
    entries: Mapping[int, bytes], known: Sequence[LoggedAnchor], key: VerifierKey, w: Wording
) -> list[Section]:
    """What is proven and what is not, the entries, the log's keys, how to check."""
    proven, not_proven = _PROVEN[w.language]
    return [
        Section(w("proven"), [w("proven_about")], proven),
        Section(w("not_proven"), points=not_proven),
        Section(w("entries"), [w("seen_about"), w("custody")], table=_entries(entries, known, w)),
        Section(w("keys"), [w("keys_about")], [str(key)]),
        Section(w("verify"), [w("verify_about")]),
    ]


def _title(subject: Subject, language: Language) -> str:
    rules = sorted({str(row.body["rule"]) for row in subject.alerts})
    return ", ".join(shown_card(rule, language).title for rule in rules[:3])


def _short(told: _Told, w: Wording) -> list[str]:
    subject, registry = told.subject, told.records.registry()
    known_us = to_us(told.records.clock())
    lines = []
    if told.purpose:
        lines.append(w("purpose", purpose=told.purpose))
    subjects = {(row.body["subject"]["type"], row.body["subject"]["id"]) for row in subject.alerts}
    lines += [
        w("subject_item", id=key)
        if kind == "item"
        else w("subject_other", type=w(f"type_{kind}"), id=key)
        for kind, key in sorted(subjects)[:10]
    ]
    if subject.dealer_id is not None:
        name = dealer_name(registry, subject.dealer_id, known_us)
        lines.append(w("dealer", name=name, id=subject.dealer_id))
    places = sorted({row.body.get("territory_id") or "" for row in subject.alerts} - {""})
    lines += [w("territory", name=territory_name(registry, key)) for key in places[:5]]
    if subject.case is not None:
        console = Wording("api.console.cases", w.language)
        lines += exposure_words(subject.case.body, registry, console)
        if "policy" in subject.case.body:
            lines.append(w("policy", version=subject.case.body["policy"]["version"]))
    counts = {"entries": len(told.entries), "events": len(told.shown), "files": len(told.files)}
    lines.append(w("counted", **counts))
    if not subject.alerts:
        return [*lines, w("found_none")]
    strongest = max(row.strength for row in subject.alerts)
    return [*lines, w("surest", percent=round(strongest * 100))]


def _findings(subject: Subject, w: Wording) -> list[str]:
    lines = [
        w(
            "found" if row.holds else "found_gone",
            at=_time(row.body["occurred_at"]),
            reason=row.body["reason"][w.language],
            percent=round(row.body["strength"] * 100),
            index=row.evidence_seq,
        )
        for row in subject.signals[:MOST_FINDINGS]
    ]
    more = len(subject.signals) - len(lines)
    return [*lines, w("found_more", number=more)] if more else lines


def _rules(subject: Subject, w: Wording) -> list[Section]:
    """Why each rule fired, and what would clear it."""
    sections = []
    for rule in sorted({str(row.body["rule"]) for row in subject.alerts}):
        card = shown_card(rule, w.language)
        title = w("rule", title=card.title, rule=rule, version=card.version or "?")
        texts = [w("why", text=card.why), w("clears", text=card.clears)] if card.why else []
        sections.append(Section(title, texts))
    return sections


def _where(told: _Told, w: Wording) -> Section:
    drawn = map_of_events(told.records, told.subject, told.moments, w)
    return Section(w("map"), map=drawn)


def _timeline(told: _Told, w: Wording) -> Section:
    rows = [
        (
            str(number),
            _time(moment.at),
            _time(moment.received) if moment.received else "",
            moment.words(w),
            moment.path,
        )
        for number, moment in enumerate(told.moments, 1)
    ]
    head = (w("number"), w("when"), w("received"), w("what"), w("where_in"))
    inputs = {one for row in told.subject.signals for one in row.inputs if not is_deadline(one)}
    closed = len(inputs) - len(told.shown)
    notes = [w("closed_events", number=closed)] if closed else []
    return Section(w("timeline"), notes, table=Table(head, rows))


def _entries(
    entries: Mapping[int, bytes], known: Sequence[LoggedAnchor], w: Wording
) -> Table:
    rows = [
        (str(index), _kind(data, w), leaf_hash(data).hex(), _seen(known, index, w))
        for index, data in sorted(entries.items())
    ]
    return Table((w("entry"), w("kind"), w("leaf"), w("seen_by")), rows)


def _kind(data: bytes, w: Wording) -> str:
    body = read_entry(data).body
    kind = str(body.get("kind") or body.get("type") or "other")
    if kind == "signal" and (body.get("signal") or {}).get("withdraws"):
        kind = "withdrawal"
    return w(f"k_{kind}") if w.has(f"k_{kind}") else w("k_other")


def _seen(known: Sequence[LoggedAnchor], index: int, w: Wording) -> str:
    """The first that signed for the entry from outside."""
    first = next((one.anchor for one in known if one.anchor.size > index), None)
    if first is None:
        return w("seen_none")
    signed = min((*first.witnesses, *first.timestamps), key=lambda one: one.at)
    return f"{signed.name}, {_time(from_us(signed.at * 1_000_000).isoformat())}"


def _judged(told: _Told, w: Wording) -> Section:
    digest = judged_by(told.entries.values(), told.records.registry()).digest
    return Section(
        w("judged"), [w("system_about", version=_version()), w("judged_about", hash=digest)]
    )


def _version() -> str:
    try:
        return version("tracewarden")
    except PackageNotFoundError:
        return "(development)"


def _time(text: str) -> str:
    """RFC 3339 for people: seconds, and which clock."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S %Z").replace("UTC+00:00", "UTC")
