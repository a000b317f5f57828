"""How good detection is: cases against a world's truth.

A case is true if it is of an incident's kind and rests on one of its events; each incident has one
case, the one that shares most events with it. Further cases of an incident, and cases of nothing,
are false. Where the truth expects no case, one does no harm. What one dealer did in one territory
is one case: it is found with the other's, if that rests on half of its items at least.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from msgspec import Struct

from events.errors import TracewardenError
from events.identity import parse_time


class Found(Struct):
    """An incident and its case, if it has one; ``delay``: foreign scans until the case opened."""

    incident: dict[str, Any]
    case: dict[str, Any] | None
    delay: int | None = None


class Score(Struct, frozen=True, kw_only=True):
    """What was counted; shares are None where there is nothing to divide by."""

    cases: int
    true: int
    false: int
    detectable: int
    found: int
    precision: float | None
    recall: float | None
    right_dealer: float | None
    right_destination: float | None
    median_delay: float | None
    within_12: float | None


def evaluate(recording: Path, out: Path) -> dict[str, Any]:
    """All scores of what ``replay`` wrote to ``out``.

    Raises:
        TracewardenError: the recording has no truth, or ``out`` no cases.
    """
    scans, found, false = evaluated(recording, out)
    return {
        "recording": recording.name,
        "scans": scans,
        "total": score_of(found, false),
        "false_cases_per_million_scans": round(1e6 * len(false) / scans, 6) if scans else None,
        "by_kind": _by("kind", found, false),
        "by_pattern": _by("pattern", found, []),
        "by_difficulty": _by("difficulty", found, []),
        "false_cases": [
            {name: case.get(name) for name in ("case_id", "kind", "dealer_id", "territory_id")}
            for case in false
        ],
        "missed": [
            {name: one.incident.get(name) for name in ("incident_id", "kind", "pattern")}
            for one in found
            if one.case is None and _counts(one.incident)
        ],
    }


def evaluated(recording: Path, out: Path) -> tuple[int, list[Found], list[dict[str, Any]]]:
    """How many scans there are, all incidents with their cases, and the false cases.

    Raises:
        TracewardenError: the recording has no truth, or ``out`` no cases.
    """
    incidents = _document(recording / "truth.json")["incidents"]
    cases = list(_lines(out / "cases.jsonl"))
    scans, received = _received(recording, incidents)
    found, false = _match(incidents, cases, _events_of(cases, out))
    for one in found:
        one.delay = _delay(one, received)
    return scans, found, false


def _document(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        document["incidents"][:0]
    except FileNotFoundError:
        raise TracewardenError(f"no such file: {path}", field="recording") from None
    except (ValueError, KeyError, TypeError) as error:
        raise TracewardenError(f"{path.name} has not the form of a truth: {error!r}") from None
    return document


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as lines:
            for line in lines:
                yield json.loads(line)
    except FileNotFoundError:
        raise TracewardenError(f"no such file: {path}; run replay first", field="out") from None
    except ValueError as error:
        raise TracewardenError(f"{path.name}: {error}", field="out") from None


def _events_of(cases: list[dict[str, Any]], out: Path) -> dict[str, set[str]]:
    """The events on which each case rests, through its alerts and their signals."""
    wanted = {alert_id for case in cases for alert_id in case["alert_ids"]}
    signals_of = {
        alert["alert_id"]: alert["signal_ids"]
        for alert in _lines(out / "alerts.jsonl")
        if alert["alert_id"] in wanted
    }
    wanted = {signal_id for ids in signals_of.values() for signal_id in ids}
    inputs = {
        signal["signal_id"]: signal["input_ids"]
        for signal in _lines(out / "signals.jsonl")
        if signal["signal_id"] in wanted
    }
    return {
        case["case_id"]: {case["opening_event_id"]}
        | {
            event_id
            for alert_id in case["alert_ids"]
            for signal_id in signals_of.get(alert_id, ())
            for event_id in inputs.get(signal_id, ())
        }
        for case in cases
    }


def _received(
    recording: Path, incidents: list[dict[str, Any]]
) -> tuple[int, dict[str, float]]:
    """How many scans there are, and when those that betray a diversion were received."""
    wanted = {scan for one in incidents for scan in one.get("first_foreign_scan_ids") or ()}
    scans = 0
    received: dict[str, float] = {}
    for event in _lines(recording / "events.jsonl"):
        if event["kind"] == "scan":
            scans += 1
            if event["event_id"] in wanted:
                at = parse_time(event["received_at"], field="received_at")
                received.setdefault(event["event_id"], at.timestamp())
    return scans, received


def _match(
    incidents: list[dict[str, Any]], cases: list[dict[str, Any]], events_of: Mapping[str, set[str]]
) -> tuple[list[Found], list[dict[str, Any]]]:
    """Pairs of incident and case by shared events, most first; and the cases that are false."""
    pairs = []
    harmless: set[str] = set()
    for number, incident in enumerate(incidents):
        events = set(incident["event_ids"])
        for case in cases:
            shared = len(events & events_of[case["case_id"]])
            if shared and case["kind"] == incident["kind"]:
                # Of two that share as much, the one that rests on less besides is about it.
                beside = len(events_of[case["case_id"]]) - shared
                pairs.append((-shared, beside, number, case["case_id"]))
                if incident.get("expects", "case") != "case":
                    harmless.add(case["case_id"])
    by_id = {case["case_id"]: case for case in cases}
    case_of: dict[int, str] = {}
    for _, _, number, case_id in sorted(pairs):
        if number not in case_of and case_id not in case_of.values():
            case_of[number] = case_id
    told_with = {case_id: number for number, case_id in case_of.items()}
    for shared, _, number, case_id in sorted(pairs):
        other = told_with.get(case_id)
        if number in case_of or other is None:
            continue
        if _is_one_case(incidents[number], incidents[other], -shared):
            case_of[number] = case_id
    found = [
        Found(incident, by_id.get(case_of.get(number, "")))
        for number, incident in enumerate(incidents)
    ]
    taken = harmless | set(case_of.values())
    return found, [case for case in cases if case["case_id"] not in taken]


def _is_one_case(one: Mapping[str, Any], other: Mapping[str, Any], shared: int) -> bool:
    """Whether an incident is told with another by a case that rests on so many of its events."""
    names = ("dealer_id", "territory_id")
    is_same = all(one.get(name) and one.get(name) == other.get(name) for name in names)
    return is_same and 2 * shared >= max(int(one.get("located_items") or 0), 1)


def _delay(one: Found, received: Mapping[str, float]) -> int | None:
    """How many of the incident's foreign scans had been received when its case opened."""
    scans = one.incident.get("first_foreign_scan_ids")
    if one.case is None or not scans:
        return None
    opened = parse_time(one.case["opened_at"], field="opened_at").timestamp()
    return sum(received.get(scan, opened + 1) <= opened for scan in scans)


def _counts(incident: Mapping[str, Any]) -> bool:
    """Whether a case should have come of it."""
    return incident.get("expects", "case") == "case" and bool(incident.get("detectable", True))


def _by(name: str, found: list[Found], false: list[dict[str, Any]]) -> dict[str, Score]:
    groups: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        groups[str(one.incident.get(name))].append(one)
    wrong = Counter(str(case.get(name)) for case in false)
    return {
        key: score_of(groups[key], [{}] * wrong[key]) for key in sorted({*groups, *wrong})
    }


def score_of(found: Iterable[Found], false: list[dict[str, Any]]) -> Score:
    """The score of some incidents and the false cases beside them."""
    listed = list(found)
    true = [one for one in listed if one.case is not None]
    cases = {one.case["case_id"] for one in listed if one.case is not None}
    due = [one for one in listed if _counts(one.incident)]
    hit = [one for one in due if one.case is not None]
    delays = [one.delay for one in hit if one.delay is not None and _is_leak(one.incident)]
    all_leaks = [one for one in due if _is_leak(one.incident)]
    return Score(
        cases=len(cases) + len(false),
        true=len(cases),
        false=len(false),
        detectable=len(due),
        found=len(hit),
        precision=_share(len(cases), len(cases) + len(false)),
        recall=_share(len(hit), len(due)),
        right_dealer=_agreement(true, "dealer_id"),
        right_destination=_agreement(true, "territory_id"),
        median_delay=median(delays) if delays else None,
        within_12=_share(sum(delay <= 12 for delay in delays), len(all_leaks)),
    )


def _is_leak(incident: Mapping[str, Any]) -> bool:
    return incident["kind"] == "diversion" and bool(incident.get("first_foreign_scan_ids"))


def _agreement(found: list[Found], name: str) -> float | None:
    """Of the cases whose incident says it, the share that says the same."""
    told = [one for one in found if one.incident.get(name)]
    right = sum(one.case is not None and one.case.get(name) == one.incident[name] for one in told)
    return _share(right, len(told))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
