"""``tracewarden registry``: rows entered one by one, what they bring, and what held when."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.rules.world import GTIN, box
from tracewarden.cli import app_of

RUN = CliRunner()
APP = app_of(("registry", "load"))
Lines = list[dict[str, Any]]


def run(*arguments: str, lines: Lines | str = "", folder: Path) -> tuple[Lines, int]:
    """The lines that the command answers to a file of lines, and its exit code."""
    file = folder / "lines.jsonl"
    text = lines if isinstance(lines, str) else "".join(json.dumps(row) + "\n" for row in lines)
    file.write_text(text)
    more = (str(file),) if lines else ()
    done = RUN.invoke(APP, [*arguments, *more])
    return [json.loads(line) for line in done.stdout.splitlines()], done.exit_code


def grant(key: str, dealer: str, areas: list[str], **members: Any) -> dict[str, Any]:
    """An exclusive authorisation for everything."""
    given = {"gtins": "all", "exclusive": True, "valid_from": "2026-01-01T00:00:00Z"}
    return {
        "authorisation_id": key, "dealer_id": dealer, "territory_ids": areas, **given, **members
    }  # fmt: skip


def feature(name: str, geometry: dict[str, Any], version: int = 1) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"territory_id": name, "name": name, "version": version},
        "geometry": geometry,
    }


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> str:
    """A service that knows territories WEST, EAST and MIDDLE and dealers P, its child C, and S."""
    data = str(tmp_path / "data")
    areas = [feature("WEST", box(-80, -70)), feature("EAST", box(-70, -60))]
    areas.append(feature("MIDDLE", box(-71, -69)))
    dealers = [
        {"dealer_id": "P", "gln": "9506000100067", "name": "Parent"},
        {"dealer_id": "C", "gln": "9506000100098", "name": "Child", "parent_id": "P"},
        {"dealer_id": "S", "gln": "9506000100104", "name": "Stranger"},
    ]
    said, code = run(
        "registry", "add", "territories", "--data", data, lines=collection(*areas), folder=tmp_path
    )
    assert (said[0]["ok"], said[0]["warnings"], code) == (True, [], 0)
    said, code = run("registry", "add", "dealers", "--data", data, lines=dealers, folder=tmp_path)
    assert said == [{"ok": True, "warnings": []}] * 3
    return data


def test_an_overlap_is_found_when_it_is_entered_and_taken_only_on_purpose(
    data: str, tmp_path: Path
) -> None:
    add = ("registry", "add", "authorisations", "--data", data)
    rows = [grant("a", "P", ["WEST"]), grant("b", "S", ["MIDDLE"]), grant("c", "C", ["WEST"])]
    said, code = run(*add, lines=rows, folder=tmp_path)
    assert [line["ok"] for line in said] == [True, False, True]
    assert said[1]["error"]["type"] == "exclusive-overlap"
    assert "b (S)" in said[1]["error"]["detail"]
    assert "a (P)" in said[1]["error"]["detail"]
    assert code == 1
    said, code = run(*add, "--accept-overlap", lines=[rows[1]], folder=tmp_path)
    (a, c) = said[0]["warnings"]
    assert (a["type"], a["authorisation_ids"]) == ("exclusive-overlap", ["b", "a"])
    assert c["authorisation_ids"] == ["b", "c"]
    assert code == 0
    listed, code = run("registry", "check", "--data", data, folder=tmp_path)
    assert [line["authorisation_ids"] for line in listed] == [["a", "b"], ["b", "c"]]
    assert code == 1


def test_a_new_version_of_a_territory_that_makes_areas_overlap_is_found_too(
    data: str, tmp_path: Path
) -> None:
    add = ("registry", "add", "authorisations", "--data", data)
    rows = [grant("a", "P", ["WEST"]), grant("b", "S", ["EAST"])]
    assert run(*add, lines=rows, folder=tmp_path)[1] == 0
    wider = collection(feature("EAST", box(-72, -60), version=2))
    said, code = run("registry", "add", "territories", "--data", data, lines=wider, folder=tmp_path)
    assert (said[0]["error"]["type"], code) == ("exclusive-overlap", 1)


def test_a_version_of_a_territory_is_never_edited(data: str, tmp_path: Path) -> None:
    add = ("registry", "add", "territories", "--data", data)
    same = collection(feature("EAST", box(-70, -60)))
    assert run(*add, lines=same, folder=tmp_path)[1] == 0
    said, code = run(*add, lines=collection(feature("EAST", box(-70, -61))), folder=tmp_path)
    assert (said[0]["error"]["type"], code) == ("territory-version-exists", 1)
    said, code = run(
        *add, lines=collection(feature("EAST", box(-70, -61), version=2)), folder=tmp_path
    )
    assert (said[0]["territories"], code) == ([{"territory_id": "EAST", "version": 2}], 0)


def test_bad_rows_are_named_and_the_next_is_read(data: str, tmp_path: Path) -> None:
    rows = [
        grant("a", "NOBODY", ["WEST"]),
        grant("a", "P", ["NOWHERE"]),
        grant("a", "P", ["WEST"], exclusive="yes"),
        grant("a", "P", ["WEST"], colour="red"),
        grant("a", "P", ["WEST"], recorded_at="2020-01-01T00:00:00Z"),
        grant("a", "P", ["WEST"]),
    ]
    add = ("registry", "add", "authorisations", "--data", data)
    said, code = run(*add, lines=rows, folder=tmp_path)
    assert [(s["error"]["type"], s["error"]["field"]) for s in said[:5]] == [
        ("registry-conflict", "dealer_id"), ("registry-conflict", "territory_ids"),
        ("row-invalid", "exclusive"), ("row-invalid", ""), ("recorded-at-given", "recorded_at"),
    ]  # fmt: skip
    assert said[5]["ok"]
    assert code == 1
    site = {"site_gln": "9506000200064", "role": "outlet", "lon": 0.0, "lat": 0.0}
    said, code = run("registry", "add", "sites", "--data", data, lines=[site], folder=tmp_path)
    assert said[0]["error"]["type"] == "null-island"


@pytest.mark.parametrize(
    ("ring", "slug"),
    [
        ("[[0,0],[1,0],[1,NaN],[0,0]]", "coordinate-not-finite"),
        ("[[31,121],[32,121],[32,122],[31,121]]", "coordinates-swapped"),
        ("[[0,0],[181,0],[181,1],[0,0]]", "coordinate-out-of-range"),
        ("[[0,0],[1,0],[1,1],[0,1]]", "ring-unclosed"),
        ("[[0,0],[1,1],[1,0],[0,1],[0,0]]", "polygon-self-crossing"),
        ("[]", "polygon-empty"),
        ("[[-180,-80],[180,-80],[180,85],[-180,85],[-180,-80]]", "polygon-enormous"),
    ],
)
def test_bad_borders_are_named_where_they_come_in(
    recording: Path, tmp_path: Path, ring: str, slug: str
) -> None:
    text = collection(feature("BAD", {"type": "Polygon", "coordinates": ["RING"]}))
    text = text.replace('"RING"', ring)
    (recording / "registry" / "territories.geojson").write_text(text)
    data = ("--data", str(tmp_path / "data"))
    loaded, code = run("load", str(recording), *data, folder=tmp_path)
    assert (loaded[0]["error"]["type"], code) == (slug, 1)
    assert loaded[0]["error"]["field"].startswith("features[0].geometry")
    added, code = run("registry", "add", "territories", *data, lines=text, folder=tmp_path)
    assert (added[0]["error"]["type"], code) == (slug, 1)


def test_what_restrains_trade_is_warned_of_when_it_is_entered(data: str, tmp_path: Path) -> None:
    france = collection(feature("FR-75", box(2, 3)))
    run("registry", "add", "territories", "--data", data, lines=france, folder=tmp_path)
    add = ("registry", "add", "authorisations", "--data", data)
    said, code = run(*add, lines=[grant("a", "P", ["FR-75"])], folder=tmp_path)
    assert [w["rule"] for w in said[0]["warnings"]] == ["eu-passive-sales"]
    assert code == 0
    price = {"amount": "9.90", "currency": "EUR"}
    product = [{"gtin": GTIN, "name": "Juice", "floor_price": price}]
    said, code = run("registry", "add", "products", "--data", data, lines=product, folder=tmp_path)
    assert [w["rule"] for w in said[0]["warnings"]] == ["eu-resale-price"]
    listed, code = run("registry", "check", "--data", data, folder=tmp_path)
    assert [line["rule"] for line in listed] == ["eu-passive-sales", "eu-resale-price"]
    assert code == 1


@pytest.fixture(name="recording")
def _recording(tmp_path: Path) -> Path:
    """P had WEST; on 10 March it became known that from 1 March it was EAST instead."""
    folder = tmp_path / "recording"
    (folder / "registry").mkdir(parents=True)
    head = {
        "format": "tracewarden-recording/1", "name": "r", "from": "2026-01-01T00:00:00Z",
        "to": "2026-04-01T00:00:00Z", "lateness_s": 3600,
    }  # fmt: skip
    (folder / "recording.json").write_text(json.dumps(head))
    dealers = [
        {"dealer_id": "P", "gln": "9506000100067", "name": "Parent"},
        {"dealer_id": "C", "gln": "9506000100098", "name": "Child", "parent_id": "P"},
    ]
    late = {"recorded_at": "2026-03-10T00:00:00Z"}
    rows = [
        grant("a", "P", ["WEST"]),
        grant("a", "P", ["WEST"], valid_to="2026-03-01T00:00:00Z", **late),
        grant("b", "P", ["EAST"], valid_from="2026-03-01T00:00:00Z", **late),
    ]
    permit = {
        "permit_id": "p", "dealer_id": "C", "gtins": [GTIN], "territory_ids": ["MIDDLE"],
        "valid_from": "2026-02-01T00:00:00Z", "valid_to": "2026-05-01T00:00:00Z",
        "recorded_at": "2026-02-15T00:00:00Z",
    }  # fmt: skip
    for name, lines in (("dealers", dealers), ("authorisations", rows), ("permits", [permit])):
        text = "".join(json.dumps(row) + "\n" for row in lines)
        (folder / "registry" / f"{name}.jsonl").write_text(text)
    areas = [feature("WEST", box(-80, -70)), feature("EAST", box(-70, -60))]
    areas.append(feature("MIDDLE", box(-71, -69)))
    (folder / "registry" / "territories.geojson").write_text(collection(*areas))
    return folder


@pytest.mark.parametrize("loaded", [False, True])
def test_what_held_then_is_told_as_it_was_known_at_any_time(
    recording: Path, tmp_path: Path, loaded: bool
) -> None:
    where = ("--recording", str(recording))
    if loaded:
        where = ("--data", str(tmp_path / "data"))
        assert run("load", str(recording), *where, folder=tmp_path)[1] == 0

    def asked(dealer: str, at: str, known_at: str | None = None) -> dict[str, Any]:
        line = {"dealer_id": dealer, "gtin": GTIN, "at": at, "known_at": known_at}
        said, code = run("registry", "at", *where, lines=[line], folder=tmp_path)
        assert code == 0
        return said[0]

    def areas(answer: dict[str, Any]) -> list[str]:
        places = answer["places"] or []
        return [t["territory_id"] for clause in places for union in clause for t in union]

    mid_march = "2026-03-05T00:00:00Z"
    then = asked("P", mid_march, "2026-03-09T00:00:00Z")
    assert (areas(then), then["authorisations"]) == (
        ["WEST"], [{"dealer_id": "P", "authorisation_id": "a"}]
    )  # fmt: skip
    assert areas(asked("P", mid_march, "2026-03-10T00:00:00Z")) == ["EAST"]
    assert areas(asked("P", mid_march)) == ["EAST"]
    assert areas(asked("P", "2026-02-01T00:00:00Z")) == ["WEST"]
    assert areas(asked("P", "2025-12-31T23:59:59Z")) == []
    child = asked("C", mid_march)
    assert (areas(child), child["permits"]) == (["EAST", "MIDDLE"], ["p"])
    assert areas(asked("C", "2026-02-10T00:00:00Z")) == ["WEST"]
    assert areas(asked("C", mid_march, "2026-02-14T00:00:00Z")) == ["WEST"]
    assert asked("NOBODY", mid_march)["places"] is None


def test_a_bad_question_is_named(recording: Path, tmp_path: Path) -> None:
    lines = [
        {"dealer_id": "P", "gtin": GTIN, "at": "yesterday"},
        {"dealer_id": "P", "gtin": GTIN, "at": "2026-01-01T00:00:00"},
        {"dealer_id": "P", "at": "2026-01-01T00:00:00Z"},
    ]
    said, code = run("registry", "at", "--recording", str(recording), lines=lines, folder=tmp_path)
    assert [s["error"]["type"] for s in said] == ["time-invalid", "time-invalid", "row-invalid"]
    assert code == 1


def test_load_warns_of_overlaps_and_of_repairs_and_still_loads(
    recording: Path, tmp_path: Path
) -> None:
    file = recording / "registry" / "authorisations.jsonl"
    file.write_text(file.read_text() + json.dumps(grant("x", "S", ["MIDDLE"])) + "\n")
    dealers = recording / "registry" / "dealers.jsonl"
    stranger = {"dealer_id": "S", "gln": "9506000100104", "name": "Stranger"}
    dealers.write_text(dealers.read_text() + json.dumps(stranger) + "\n")
    bow = [
        [0, 50], [1, 50], [1, 51], [0.5, 51], [0.5, 51.001], [0.501, 51.001], [0.499, 51],
        [0, 51], [0, 50],
    ]  # fmt: skip
    areas = recording / "registry" / "territories.geojson"
    document = json.loads(areas.read_text())
    document["features"].append(feature("BOW", {"type": "Polygon", "coordinates": [bow]}))
    areas.write_text(json.dumps(document))
    data = ("--data", str(tmp_path / "data"))
    said, code = run("load", str(recording), *data, folder=tmp_path)
    assert code == 0
    assert said[0]["authorisations"] == 4
    kinds = [w["type"] for w in said[0]["warnings"]]
    assert kinds == ["territory-repaired", "exclusive-overlap", "exclusive-overlap"]
    assert 0 < said[0]["warnings"][0]["area_change"] < 0.01
    again, _ = run("load", str(recording), *data, folder=tmp_path)
    assert [w["type"] for w in again[0]["warnings"]] == ["territory-repaired"]


def test_the_table_in_force_can_be_read(tmp_path: Path) -> None:
    said, code = run("registry", "restraints", folder=tmp_path)
    assert {"eu-passive-sales", "eu-resale-price", "cn-resale-price"} <= {s["id"] for s in said}
    assert code == 0
    broken = tmp_path / "broken.toml"
    broken.write_text("rules = 1")
    assert RUN.invoke(APP, ["registry", "restraints", str(broken)]).exit_code == 2
