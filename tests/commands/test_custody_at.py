"""``tracewarden custody at``: the right dealer answers at any moment, as known at any moment."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.timed import timed
from events.wire import decode_event
from store.engine import open_engine, sqlite_url
from store.events import store_events
from store.incoming import incoming_of
from tracewarden.installation import EmbeddedFolder

ITEM = "https://id.gs1.org/01/09506000134352/21/A1"
CASE = "https://id.gs1.org/00/395060000010000082"
BRAND, A, B = "9506000000015", "9506000100067", "9506000100098"
RECORDING = {
    "format": "tracewarden-recording/1",
    "name": "resold",
    "from": "2026-03-01T00:00:00Z",
    "to": "2026-04-01T00:00:00Z",
    "lateness_s": 3600,
    "territories_crs": "wgs84",
    "own_glns": [BRAND],
}


def moved(
    at: str, step: str, epc: str, source: str, to: str, received: str | None = None, **more: Any
) -> str:
    parties = ("possessing_party", "owning_party")
    event = {
        "type": "ObjectEvent",
        "eventID": f"{step}-{at}",
        "eventTime": at,
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": step,
        "epcList": [epc],
        "sourceList": [{"type": t, "source": f"https://id.gs1.org/417/{source}"} for t in parties],
        "destinationList": [
            {"type": t, "destination": f"https://id.gs1.org/417/{to}"} for t in parties
        ],
        **more,
    }
    return line(event, received or at)


def line(event: dict[str, Any], received_at: str) -> str:
    return json.dumps(
        {
            "kind": "item_event",
            "event_id": event["eventID"],
            "received_at": received_at,
            "event": event,
        }
    )


PACKED = {
    "type": "AggregationEvent",
    "eventID": "packed",
    "eventTime": "2026-03-01T10:00:00+08:00",
    "eventTimeZoneOffset": "+08:00",
    "action": "ADD",
    "bizStep": "packing",
    "parentID": CASE,
    "childEPCs": [ITEM],
}
UNPACKED = {
    **PACKED,
    "eventID": "unpacked",
    "eventTime": "2026-03-03T10:00:00+08:00",
    "action": "DELETE",
    "bizStep": "unpacking",
}
# Monday is 2 March 2026. The return is reported three days late.
EVENTS = [
    line(PACKED, "2026-03-01T02:00:00Z"),
    moved("2026-03-02T09:00:00+08:00", "shipping", CASE, BRAND, A, disposition="in_transit"),
    moved("2026-03-02T18:00:00+08:00", "receiving", CASE, BRAND, A),
    line(UNPACKED, "2026-03-03T02:00:00Z"),
    moved("2026-03-10T09:00:00+08:00", "shipping", ITEM, A, BRAND, disposition="returned"),
    moved("2026-03-20T09:00:00+08:00", "shipping", ITEM, BRAND, B, disposition="in_transit"),
    moved("2026-03-21T09:00:00+08:00", "receiving", ITEM, BRAND, B),
    moved(
        "2026-03-12T09:00:00+08:00",
        "receiving",
        ITEM,
        A,
        BRAND,
        received="2026-03-22T00:00:00Z",
        disposition="returned",
    ),
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    folder = tmp_path / "recording"
    (folder / "registry").mkdir(parents=True)
    (folder / "recording.json").write_text(json.dumps(RECORDING))
    dealers = [
        {"dealer_id": f"D-{n}", "gln": gln, "name": f"Dealer {n}"}
        for n, gln in (("A", A), ("B", B))
    ]
    rows = {
        "dealers": dealers,
        "products": [],
        "authorisations": [],
        "permits": [],
        "shipments": [],
    }
    for name, found in rows.items():
        text = "".join(json.dumps(row) + "\n" for row in found)
        (folder / "registry" / f"{name}.jsonl").write_text(text)
    empty = {"type": "FeatureCollection", "features": []}
    (folder / "registry" / "territories.geojson").write_text(json.dumps(empty))
    (folder / "events.jsonl").write_text("\n".join(EVENTS) + "\n")
    return folder


def run(*arguments: str | Path, lines: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tracewarden.cli", "custody", "at", *map(str, arguments)]
    return subprocess.run(command, input=lines, capture_output=True, text=True, check=False)


def ask(*questions: tuple[str, str | None], source: Path) -> list[dict[str, Any]]:
    asked = [{"epc": ITEM, "at": at, "known_at": known} for at, known in questions]
    option = "--recording" if (source / "recording.json").exists() else "--data"
    done = run(option, source, lines="".join(json.dumps(one) + "\n" for one in asked))
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(said) for said in done.stdout.splitlines()]


MOMENTS = [
    ("2026-03-02T12:00:00+08:00", None, "in_transit", BRAND, None, CASE),
    ("2026-03-02T18:00:00+08:00", None, "in_progress", A, "D-A", CASE),
    ("2026-03-05T00:00:00+08:00", None, "in_progress", A, "D-A", None),
    ("2026-03-11T00:00:00+08:00", None, "returned", A, "D-A", None),
    ("2026-03-15T00:00:00+08:00", None, "returned", BRAND, None, None),
    ("2026-03-15T00:00:00+08:00", "2026-03-21T23:59:59Z", "returned", A, "D-A", None),
    ("2026-03-15T00:00:00+08:00", "2026-03-22T00:00:00Z", "returned", BRAND, None, None),
    ("2026-03-20T12:00:00+08:00", None, "in_transit", BRAND, None, None),
    ("2026-03-25T00:00:00+08:00", None, "in_progress", B, "D-B", None),
    ("2026-03-25T00:00:00+08:00", "2026-03-05T00:00:00Z", "in_progress", A, "D-A", None),
    ("2026-02-01T00:00:00Z", None, None, None, None, None),
]


def test_shipped_on_monday_returned_and_resold_the_right_dealer_answers_at_any_moment(
    recording: Path,
) -> None:
    said = ask(*[(at, known) for at, known, *_ in MOMENTS], source=recording)
    found = [
        (one["state"], one["holder"], one["responsible_dealer"], one["container"]) for one in said
    ]
    assert found == [tuple(moment[2:]) for moment in MOMENTS]
    assert said[1]["since"] == "2026-03-02T10:00:00.000Z"
    assert [*said[0]] == ["epc", "state", "holder", "responsible_dealer", "container", "since"]


def test_a_service_answers_as_its_recording_does(recording: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    loaded = subprocess.run(
        [sys.executable, "-m", "tracewarden.cli", "load", str(recording), "--data", str(data)],
        capture_output=True,
        check=False,
    )
    assert loaded.returncode == 0
    engine = open_engine(sqlite_url(EmbeddedFolder(data).database))
    raws = [raw.encode() for raw in EVENTS]
    with engine.begin() as connection:
        store_events(connection, [incoming_of(timed(decode_event(raw)), raw) for raw in raws])
    engine.dispose()
    asked = [("2026-03-25T00:00:00Z", None), ("2026-03-05T00:00:00Z", None)]
    assert ask(*asked, source=data) == ask(*asked, source=recording)


def test_a_bad_line_is_named_and_the_next_one_is_read(recording: Path) -> None:
    lines = [
        "{",
        '{"epc":"https://id.gs1.org/01/1/21/A","at":"2026-03-05T00:00:00Z"}',
        json.dumps({"epc": ITEM, "at": "Monday"}),
        json.dumps({"epc": ITEM, "at": 5}),
        json.dumps({"epc": ITEM, "at": "2026-03-05T00:00:00Z", "colour": "red"}),
        json.dumps({"epc": ITEM, "at": "2026-03-05T00:00:00Z"}),
    ]
    done = run("--recording", recording, lines="\n".join(lines))
    said = [json.loads(one) for one in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [one.get("error", {}).get("field") for one in said] == ["", "epc", "at", "at", "", None]
    assert said[-1]["responsible_dealer"] == "D-A"


@pytest.mark.parametrize(
    "arguments",
    [["--recording", "/nowhere"], ["--recording", "/tmp", "--data", "/tmp"], []],
)
def test_a_command_that_cannot_run_ends_with_2_and_one_line(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_it_answers_before_its_input_ends(recording: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tracewarden.cli",
        "custody",
        "at",
        "--recording",
        str(recording),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        at = datetime(2026, 3, 25, tzinfo=UTC).isoformat()
        asked.stdin.write(json.dumps({"epc": ITEM, "at": at}) + "\n")
        asked.stdin.flush()
        assert json.loads(asked.stdout.readline())["responsible_dealer"] == "D-B"
        asked.stdin.close()
        assert asked.wait(30) == 0
