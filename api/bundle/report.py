"""The report of what is taken out, in plain words: once in Chinese, once in English.

What happened, why, where and in whose hands comes first; then what that proves and how to check it;
the long lists, of everything that has a time and of all entries, come last.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import Connection

from api.bundle.findings import found_sections, items_section
from api.bundle.hands import hands_section
from api.bundle.in_short import headline, in_short
from api.bundle.judged_by import judged_by
from api.bundle.proof import entries_section, proof
from api.bundle.report_map import map_of_events
from api.bundle.subject import Subject
from api.bundle.timeline import moments_of
from api.bundle.told import Told, shown_time
from api.console.cards import shown_card
from api.negotiation import Language
from api.services import Records
from api.wording import Wording
from events.identity import is_deadline
from evidence.bundle import Contents
from evidence.note import VerifierKey
from evidence.report import Report, Section, Table
from store.evidence_anchors import anchors
from store.evidence_log import EvidenceLog
from store.evidence_sources import Source

_LANGUAGES: tuple[Language, ...] = ("zh", "en")


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
    told = Told(
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
            *proof(key, w),
            entries_section(contents.entries, known, w),
        ]
        subtitle = w("subtitle", at=shown_time(at), officer=officer, origin=key.name)
        found.append(Report(language, title, subtitle, sections))
    return found


def _report(told: Told, w: Wording) -> Report:
    proven, not_proven, verify, keys = proof(told.key, w)
    sections = [
        Section(w("short"), in_short(told, w)),
        *found_sections(told, w),
        Section(w("map"), map=map_of_events(told.records, told.subject, told.moments, w)),
        hands_section(told, w),
        items_section(told, w),
        proven, not_proven, verify,
        _judged(told, w),
        keys,
        _timeline(told, w),
        entries_section(told.entries, told.anchors, w),
    ]  # fmt: skip
    subtitle = w("subtitle", at=shown_time(told.at), officer=told.officer, origin=told.key.name)
    return Report(w.language, _title(told, w), subtitle, [one for one in sections if one])


def _title(told: Told, w: Wording) -> str:
    subject = told.subject
    if subject.case_id:
        return w("title_what", what=headline(told, w))
    rules = sorted({str(row.body["rule"]) for row in subject.alerts})
    return w("title_what", what=", ".join(shown_card(one, w.language).title for one in rules[:3]))


def _timeline(told: Told, w: Wording) -> Section:
    rows = [
        (
            str(number),
            shown_time(moment.at),
            shown_time(moment.received) if moment.received else "",
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


def _judged(told: Told, w: Wording) -> Section:
    digest = judged_by(told.entries.values(), told.registry).digest
    texts = [w("system_about", version=_version()), w("judged_about", hash=digest)]
    return Section(w("judged"), texts)


def _version() -> str:
    try:
        return version("tracewarden")
    except PackageNotFoundError:
        return "(development)"
