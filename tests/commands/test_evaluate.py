"""``evaluate``: what replay wrote, against the truth of a world."""

import json
from pathlib import Path
from typing import Any

import pytest

from events.errors import TracewardenError
from tracewarden.evaluation import evaluate

HOUR = "2026-02-0{}T00:00:00Z"


def incident(name: str, kind: str, events: list[str], **more: Any) -> dict[str, Any]:
    return {
        "incident_id": name, "kind": kind, "pattern": kind, "difficulty": "standard",
        "expects": "case", "detectable": True, "event_ids": events, **more,
    }  # fmt: skip


def case(name: str, kind: str, opening: str, **more: Any) -> dict[str, Any]:
    return {
        "case_id": name, "kind": kind, "alert_ids": [], "opening_event_id": opening,
        "opened_at": HOUR.format(3), **more,
    }  # fmt: skip


def written(
    folder: Path, incidents: list[dict[str, Any]], cases: list[dict[str, Any]]
) -> dict[str, Any]:
    scans = [
        {"kind": "scan", "event_id": f"s{n}", "received_at": HOUR.format(n)} for n in range(1, 6)
    ]
    (folder / "truth.json").write_text(json.dumps({"seed": 1, "incidents": incidents}))
    for name, lines in (("events", scans), ("cases", cases), ("alerts", []), ("signals", [])):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)
    return evaluate(folder, folder)


def test_a_case_of_the_kind_that_rests_on_an_incidents_event_is_true(tmp_path: Path) -> None:
    scans = [f"s{n}" for n in range(1, 6)]
    leak = incident(
        "I", "diversion", scans, dealer_id="D", territory_id="T", first_foreign_scan_ids=scans
    )
    scores = written(
        tmp_path, [leak], [case("c", "diversion", "s3", dealer_id="D", territory_id="U")]
    )
    total = scores["total"]
    assert (total.precision, total.recall, total.right_dealer) == (1.0, 1.0, 1.0)
    assert total.right_destination == 0.0
    assert (total.median_delay, total.within_12) == (3, 1.0)


def test_a_second_case_and_one_of_another_kind_are_false(tmp_path: Path) -> None:
    fakes = incident("I", "clone", ["s1", "s2"])
    cases = [case("a", "clone", "s1"), case("b", "clone", "s2"), case("c", "price", "s1")]
    scores = written(tmp_path, [fakes], cases)
    assert (scores["total"].true, scores["total"].false) == (1, 2)
    assert scores["false_cases_per_million_scans"] == 400_000.0


@pytest.mark.parametrize(
    ("territory_id", "located_items", "found"), [("T", 2, 2), ("T", 3, 1), ("U", 2, 1)]
)
def test_what_one_dealer_did_in_one_territory_is_found_with_one_case(
    tmp_path: Path, territory_id: str, located_items: int, found: int
) -> None:
    where = {"dealer_id": "D", "territory_id": "T"}
    leak = incident("I", "diversion", ["s1", "s3"], **where)
    beside = incident("J", "diversion", ["s3", "s4"], located_items=located_items, **where)
    beside["territory_id"] = territory_id
    total = written(tmp_path, [leak, beside], [case("c", "diversion", "s3", **where)])["total"]
    assert (total.cases, total.true, total.false, total.found) == (1, 1, 0, found)


def test_what_needs_no_case_and_what_cannot_be_seen_count_for_nothing(tmp_path: Path) -> None:
    quiet = incident("I", "custody", ["s1"], expects="alert")
    hidden = incident("J", "diversion", ["s2"], detectable=False)
    scores = written(tmp_path, [quiet, hidden], [case("a", "custody", "s1")])
    assert (scores["total"].false, scores["total"].recall) == (0, None)
    assert scores["missed"] == []


def test_a_recording_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TracewardenError, match="no such file"):
        evaluate(tmp_path, tmp_path)
