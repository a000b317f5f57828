"""The first lines of a bundle's report: what happened, who answers for it, what became of it."""

from api.bundle.proof import seen_first
from api.bundle.told import Told, shown_seconds, shown_time
from api.console.cases.exposure import exposure_words
from api.console.cases.lines import line_of
from api.console.cases.story import story_of
from api.console.lines import dealer_name, territory_name
from api.wording import Wording
from cases.standing import Standing, standing
from store.case_views import CaseRow
from store.instants import from_us

MOST_SUBJECTS, MOST_PLACES = 10, 5


def headline(told: Told, w: Wording) -> str:
    """What the report is called: the case in a few words, or what was found."""
    case = told.subject.case
    if case is None:
        return ""
    line = line_of(case, told.registry, told.known_us)
    kind = Wording("api.console.cases", w.language)(f"kind_{line.kind}")
    names = [name for name in (line.dealer, line.territory) if name]
    return f"{kind}: {' → '.join(names)}" if names else kind


def in_short(told: Told, w: Wording) -> list[str]:
    """Paragraphs, the most important first."""
    subject = told.subject
    lines = [w("purpose", purpose=told.purpose)] if told.purpose else []
    lines += _happened(told, subject.case, w) if subject.case else _subjects(told, w)
    if subject.dealer_id is not None:
        name = dealer_name(told.registry, subject.dealer_id, told.known_us)
        lines.append(w("dealer", name=name, id=subject.dealer_id))
    if subject.case is not None:
        console = Wording("api.console.cases", w.language)
        lines += exposure_words(subject.case.body, told.registry, console)
        lines.append(_stands(standing(step.taken for step in subject.steps), w))
        if "policy" in subject.case.body:
            lines.append(w("policy", version=subject.case.body["policy"]["version"]))
    counts = {"entries": len(told.entries), "events": len(told.shown), "files": len(told.files)}
    lines.append(w("counted", **counts))
    lines.append(_outside(told, w))
    if not subject.alerts:
        return [*lines, w("found_none")]
    strongest = max(row.strength for row in subject.alerts)
    return [*lines, w("surest", percent=round(strongest * 100))]


def _happened(told: Told, case: CaseRow, w: Wording) -> list[str]:
    """The two sentences that the console shows."""
    line = line_of(case, told.registry, told.known_us)
    console = Wording("api.console.cases", w.language)
    story = story_of(line, case.body.get("items", 0), list(told.subject.alerts), console)
    return [story.found, story.rests_on]


def _subjects(told: Told, w: Wording) -> list[str]:
    """Of alerts that are of no case: what they are about, and where that was."""
    bodies = [row.body for row in told.subject.alerts]
    subjects = {(body["subject"]["type"], body["subject"]["id"]) for body in bodies}
    lines = [
        w("subject_item", id=key)
        if kind == "item"
        else w("subject_other", type=w(f"type_{kind}"), id=key)
        for kind, key in sorted(subjects)[:MOST_SUBJECTS]
    ]
    places = sorted({body.get("territory_id") or "" for body in bodies} - {""})
    return lines + [
        w("territory", name=territory_name(told.registry, key)) for key in places[:MOST_PLACES]
    ]


def _stands(now: Standing, w: Wording) -> str:
    """What people made of the case so far."""
    if now.state not in ("confirmed", "dismissed") or now.since_us is None:
        return w("stands_open")
    at = shown_time(from_us(now.since_us).isoformat())
    if now.state == "confirmed":
        return w("stands_confirmed", actor=now.decided_by, at=at)
    reason = Wording("api.console.cases", w.language)(f"reason_{now.dismissal}")
    return w("stands_dismissed", actor=now.decided_by, at=at, reason=reason)


def _outside(told: Told, w: Wording) -> str:
    """Since when outsiders vouch for the newest of the findings."""
    newest = max((row.evidence_seq for row in told.subject.signals), default=-1)
    seen = seen_first(told.anchors, newest) if newest >= 0 else None
    if seen is None:
        return w("outside_none")
    return w("outside", name=seen.name, at=shown_seconds(seen.at))
