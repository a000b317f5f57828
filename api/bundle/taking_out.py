"""Taking a case out of the service: gather, tell in words, log the export, prove, pack."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from api.bundle.judged_by import judged_by
from api.bundle.report import reports
from api.bundle.subject import Subject, subject_of
from api.services import Records
from events.timed import rfc3339
from evidence.bundle import Contents, DisclosedEvent
from evidence.canonical import canonical
from evidence.commitments import commitments_in
from evidence.entry import read_entry
from evidence.errors import EvidenceError
from evidence.report_html import html
from evidence.report_pdf import pdf
from registry import Registry
from store.case_steps import find_file
from store.evidence_export import Export, entries_at, export, key_lines
from store.evidence_log import EvidenceLog
from store.evidence_openings import find, kept_of
from store.evidence_signed import SignedAppend
from store.evidence_sources import Source, in_entry
from store.instants import to_us


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer wants to take out, for whom, and what of it may be seen.

    ``without_events``: the stored events stay closed, as they may hold consumers' places.
    ``keep_closed``: so do these, by identity. ``with_words``: what people wrote in the steps of the
    case is opened; ``open``: these commitments are.
    """

    officer: str
    purpose: str
    case_id: str | None = None
    alert_ids: Sequence[str] = ()
    without_events: bool = False
    keep_closed: Sequence[str] = ()
    with_words: bool = False
    open: Sequence[str] = ()


def take_out(
    records: Records,
    signed: SignedAppend,
    wish: Wish,
    *,
    anchor: Callable[[], None] = lambda: None,
) -> Export:
    """The bundle of a case or of alerts; the export is logged.

    Args:
        anchor: has others sign for the log once the export is logged.

    Raises:
        EvidenceError: the case, an alert or a commitment is unknown, or nothing is logged of it.
        FontMissingError: the report cannot be set.
    """
    subject = subject_of(records, wish.case_id, wish.alert_ids)
    if not subject.indices:
        raise EvidenceError("the log holds nothing of it yet", type="nothing-logged")
    at = rfc3339(to_us(records.clock()))
    with signed.reading() as conn:
        contents = _contents(records, signed, conn, subject, wish, at)
    custody: dict[str, Any] = {"by": wish.officer, "at": at}
    if wish.alert_ids:
        custody["alert_ids"] = list(wish.alert_ids)
    return export(signed, contents, wish.purpose, custody=custody, after=anchor)


def _contents(
    records: Records,
    signed: SignedAppend,
    conn: Connection,
    subject: Subject,
    wish: Wish,
    at: str,
) -> Contents:
    log, registry, key = EvidenceLog(), records.registry(), signed.verifier
    shown = [one for one in subject.sources if _is_shown(one, wish)]
    entries = entries_at(log, conn, subject.indices)
    attachments = _attachments(records, subject, entries)
    told = reports(
        records, conn, subject, entries, shown, list(attachments),
        officer=wish.officer, purpose=wish.purpose, at=at, key=key,
    )  # fmt: skip
    contents = Contents(
        origin=key.name,
        case=subject.case_id,
        entries=entries,
        attachments=attachments,
        disclosures=find(conn, _opened(conn, wish, subject, entries)),
        keys=key_lines(conn, key),
        events=[DisclosedEvent(one.raw, one.opening) for one in shown],
        sources=_long_sources(subject, entries),
        about={
            "report.html": html(told),
            "report.pdf": pdf(told),
            "policy.json": canonical(
                msgspec.to_builtins(judged_by(entries.values(), registry).policy)
            ),
            "registry.json": _registry(registry, subject),
        }
        | _story(subject),
    )
    contents.check()
    return contents


def _opened(
    conn: Connection, wish: Wish, subject: Subject, entries: Mapping[int, bytes]
) -> list[str]:
    """The commitments to open: those named, and of the case's steps what was not erased since."""
    steps = [read_entry(entries[step.evidence_seq]).body for step in subject.steps]
    words = [one for body in steps for one in commitments_in(body)] if wish.with_words else []
    return list(dict.fromkeys([*wish.open, *kept_of(conn, words)]))


def _is_shown(source: Source, wish: Wish) -> bool:
    return not wish.without_events and source.identity not in wish.keep_closed


def _attachments(
    records: Records, subject: Subject, entries: Mapping[int, bytes]
) -> dict[str, bytes]:
    """Files of the case whose hash an entry holds, under names that tell them apart."""
    logged = b"".join(entries.values())
    found = {}
    for one in subject.attachments:
        file = find_file(records.engine, subject.case_id or "", one.sha256)
        if file is not None and one.sha256.encode() in logged:
            name = "".join(char if char.isalnum() or char in "._-" else "_" for char in file.name)
            found[f"{one.sha256[:8]}-{name.lstrip('.')[-80:]}"] = file.content
    return found


def _long_sources(subject: Subject, entries: Mapping[int, bytes]) -> dict[int, bytes]:
    """Lists of commitments that an entry holds only the hash of, where they still fit it."""
    known = {one.identity: one.opening.commitment for one in subject.sources}
    found = {}
    for row in subject.signals:
        body = read_entry(entries[row.evidence_seq]).body
        if "sources_sha256" in body and in_entry(row.inputs, known).items() <= body.items():
            listed = [{"commitment": known[one]} for one in row.inputs if one in known]
            found[row.evidence_seq] = canonical(listed)
    return found


def _story(subject: Subject) -> dict[str, bytes]:
    """The case and its alerts as the service holds them."""
    told = {"alerts.json": _json([row.body for row in subject.alerts])}
    if subject.case is None:
        return told
    # The case as stored does not name its alerts, of which it may have many.
    case = subject.case.body | {"alert_ids": sorted(row.alert_id for row in subject.alerts)}
    return told | {"case.json": _json(case)}


def _registry(registry: Registry, subject: Subject) -> bytes:
    """The rows that judging rests on: the dealer, where it may sell, and those territories."""
    rows = registry.rows
    dealers = {row.body.get("dealer_id") for row in subject.alerts} | {subject.dealer_id}
    own = [row for row in rows.authorisations if row.dealer_id in dealers]
    permits = [row for row in rows.permits if row.dealer_id in dealers]
    named: set[str | None] = {key for row in own for key in row.territory_ids}
    named |= {key for row in permits for key in row.territory_ids}
    named |= {row.body.get("territory_id") for row in subject.alerts}
    gtins = {row.body.get("facts", {}).get("gtin") for row in subject.alerts}
    return _json(
        {
            "dealers": [row for row in rows.dealers if row.dealer_id in dealers],
            "authorisations": own,
            "permits": permits,
            "territories": [row for row in rows.territories if row.territory_id in named],
            "products": [row for row in rows.products if row.gtin in gtins],
        }
    )


def _json(value: object) -> bytes:
    plain = json.loads(msgspec.json.encode(value))
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True).encode()
