"""A warehouse's scans are EPCIS events that GS1's schema takes and custody reads as meant."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from custody.epcis.meaning import meaning_violations
from custody.epcis.schema import event_violations
from custody.step import Step, read_step
from events.model import ItemEvent

PROGRAM = Path(__file__).with_name("epcis_lines.mjs")
CASE = "https://id.gs1.org/00/395060000010000082"
PLACE, PARTY, OTHER = "9506000200064", "9506000100067", "9506000100098"
AT = "2026-05-04T08:30:00.000Z"


def scanned(step: str, **changed: str) -> dict[str, Any]:
    given = {
        "step": step, "epc": CASE, "place": PLACE, "party": PARTY, "other": OTHER,
        "id": "6f0c8f2e-0d51-4f7d-9d0a-0b6c6a1c9d11", "at": AT,
    }
    done = subprocess.run(
        ["node", str(PROGRAM)], input=json.dumps(given | changed) + "\n",
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def read(event: dict[str, Any]) -> Step:
    received = datetime(2026, 5, 4, 9, tzinfo=UTC)
    item_event = ItemEvent(event_id=event["eventID"], received_at=received, event=event)
    step, roles = read_step(item_event)
    assert roles == {CASE: "self"}
    return step


@pytest.mark.parametrize("step", ["shipping", "receiving", "returning"])
@pytest.mark.parametrize("other", [OTHER, ""])
def test_every_event_is_valid_by_gs1s_schema_and_vocabulary(step: str, other: str) -> None:
    told = scanned(step, other=other)
    for event in (told["event"], told["back"]):
        assert event_violations(event) == []
        assert meaning_violations(event) == []


def test_custody_reads_who_gives_who_takes_and_where() -> None:
    shipped = read(scanned("shipping")["event"])
    assert (shipped.biz_step, shipped.disposition) == ("shipping", "in_transit")
    assert (shipped.from_holder, shipped.from_owner) == (PARTY, PARTY)
    assert (shipped.to_holder, shipped.to_owner, shipped.site_gln) == (OTHER, OTHER, PLACE)
    received = read(scanned("receiving")["event"])
    assert (received.from_holder, received.to_holder, received.site_gln) == (OTHER, PARTY, PLACE)
    returned = read(scanned("returning")["event"])
    assert (returned.biz_step, returned.disposition) == ("receiving", "returned")
    assert (returned.from_holder, returned.to_holder) == (OTHER, PARTY)


def test_what_is_taken_back_is_the_very_event_with_an_error_declaration() -> None:
    told = scanned("receiving")
    assert read(told["back"]).voids == f"item_event:{told['event']['eventID']}"
    assert {**told["event"], "errorDeclaration": told["back"]["errorDeclaration"]} == told["back"]


def test_the_offset_is_that_of_the_device() -> None:
    assert scanned("shipping")["offsets"] == ["+00:00", "+08:00", "-05:00", "+05:45"]
