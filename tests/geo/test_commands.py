"""``geo convert``, ``geo check`` and ``geo locate`` as scripts drive them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from geo.crs import convert
from tests.geo.test_territories import collection

RUN = [sys.executable, "-c", "from tracewarden.commands.geo import app; app()"]


def run(*arguments: str, lines: str) -> tuple[list[dict[str, Any]], int, str]:
    """The lines that the command answers, its exit code and what it says on stderr."""
    done = subprocess.run(
        [*RUN, *arguments], input=lines, capture_output=True, text=True, check=False
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode, done.stderr


@pytest.fixture(name="territories")
def _territories(tmp_path: Path) -> str:
    left = [[116.0, 39.0], [116.4, 39.0], [116.4, 40.0], [116.0, 40.0], [116.0, 39.0]]
    right = [[x + 0.4, y] for x, y in left]
    both = collection(left)
    other = collection(right, territory_id="U")
    both["features"] += other["features"]
    file = tmp_path / "territories.geojson"
    file.write_text(json.dumps(both))
    return str(file)


def fix(**members: Any) -> str:
    """A line of ``geo check``."""
    line = {
        "territory_ids": ["T"], "lon": 116.2, "lat": 39.5, "accuracy_m": 500, "level": 0.68,
        "source": "gnss", "crs": "wgs84",
    }  # fmt: skip
    return json.dumps({**line, **members}) + "\n"


def test_points_are_converted_line_by_line() -> None:
    said, code, _ = run(
        "convert", "--from", "gcj02", "--to", "wgs84",
        lines='{"lon":116.404,"lat":39.915}\n{"lon":1,"lat":2}\n{"lon":0,"lat":0}',
    )  # fmt: skip
    lon, lat = convert(116.404, 39.915, source="gcj02", target="wgs84")
    assert said[0] == {"lon": lon[0], "lat": lat[0]}
    assert said[1:] == [{"lon": 1.0, "lat": 2.0}, {"lon": 0.0, "lat": 0.0}]
    assert code == 0


def test_a_fix_beside_a_border_is_uncertain_with_its_probability(territories: str) -> None:
    off = 300 / 86_000
    said, code, _ = run(
        "check", "--territories", territories, lines=fix() + fix(lon=116.4 - off) + fix(lon=117.5)
    )
    assert [s["verdict"] for s in said] == ["inside", "uncertain", "outside"]
    assert set(said[0]) == {"verdict", "probability_inside", "distance_m"}
    assert said[1]["probability_inside"] == pytest.approx(0.818, abs=0.005)
    assert said[1]["distance_m"] == pytest.approx(-300, abs=2)
    assert said[2]["distance_m"] > 90_000
    assert code == 0


def test_the_same_numbers_in_another_system_lie_in_the_other_county(territories: str) -> None:
    lines = "".join(
        fix(lon=116.403, accuracy_m=5, crs=crs, territory_ids=[i])
        for crs in ("wgs84", "gcj02", "unknown")
        for i in "TU"
    )
    said, _, _ = run("check", "--territories", territories, lines=lines)
    assert [s["verdict"] for s in said] == [
        "outside", "inside", "inside", "outside", "uncertain", "uncertain",
    ]  # fmt: skip


def test_an_address_proves_nothing_and_a_point_is_judged_as_a_point(territories: str) -> None:
    lines = fix(source="ip") + fix(accuracy_m=0) + fix(accuracy_m=0, lon=116.5)
    lines += fix(territory_ids=["U", "T"], lon=116.4, level=None, source=None, crs=None)
    said, code, _ = run("check", "--territories", territories, lines=lines)
    assert [s["verdict"] for s in said] == ["uncertain", "inside", "outside", "inside"]
    assert [s["probability_inside"] for s in said[1:]] == [1, 0, 1]
    assert code == 0


@pytest.mark.parametrize(
    ("members", "slug", "field"),
    [
        ({"lon": float("nan")}, "coordinate-not-finite", "lon"),
        ({"lon": 39.5, "lat": 116.2}, "coordinates-swapped", "lat"),
        ({"lon": 190}, "coordinate-out-of-range", "lon"),
        ({"lon": 0, "lat": 0}, "null-island", "lon"),
        ({"accuracy_m": -1}, "accuracy-invalid", "accuracy_m"),
        ({"level": 0.5}, "level-invalid", "level"),
        ({"source": "psychic"}, "source-unknown", "source"),
        ({"crs": "utm"}, "crs-unknown", "crs"),
        ({"territory_ids": ["X"]}, "territory-unknown", "territory_ids"),
        ({"territory_ids": []}, "territory-unknown", "territory_ids"),
        ({"lon": "116"}, "line-invalid", "lon"),
        ({"lat": None}, "line-invalid", "lat"),
    ],
)
def test_a_bad_line_is_named_and_the_next_one_read(
    territories: str, members: dict[str, Any], slug: str, field: str
) -> None:
    lines = fix() + fix(**members) + fix()
    said, code, _ = run("check", "--territories", territories, lines=lines)
    assert said[0] == said[2]
    assert said[1]["ok"] is False
    assert (said[1]["error"]["type"], said[1]["error"]["field"]) == (slug, field)
    assert code == 1


def test_a_line_that_is_no_json_or_empty_is_bad(territories: str) -> None:
    said, code, _ = run("locate", "--territories", territories, lines="foo\n\n[]\n\x00\n")
    assert [s["error"]["type"] for s in said] == ["line-invalid"] * 4
    assert code == 1


def test_points_are_located_and_a_border_point_has_one_owner(territories: str) -> None:
    lines = "".join(
        json.dumps({"lon": lon, "lat": 39.5, "crs": crs}) + "\n"
        for lon, crs in ((116.2, "wgs84"), (116.4, "wgs84"), (116.403, "gcj02"),
                         (116.403, "unknown"), (10, None))
    )  # fmt: skip
    said, code, _ = run("locate", "--territories", territories, lines=lines)
    assert [s["territory_ids"] for s in said] == [["T"], ["U"], ["T"], [], []]
    assert code == 0


def test_an_index_that_is_kept_answers_the_same_until_the_file_changes(
    territories: str, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    where = ("locate", "--territories", territories)
    lines = '{"lon":116.2,"lat":39.5}\n{"lon":116.5,"lat":39.5}\n{"lon":1,"lat":2}\n'
    wanted, _, _ = run(*where, lines=lines)
    for _ in range(2):
        said, code, error = run(*where, "--index", str(index), lines=lines)
        assert (said, code, error) == (wanted, 0, "")
        assert len(list(index.iterdir())) == 1
    document = json.loads(Path(territories).read_text())
    document["features"].pop()
    Path(territories).write_text(json.dumps(document))
    said, _, _ = run(*where, "--index", str(index), lines=lines)
    assert [s["territory_ids"] for s in said] == [["T"], [], []]
    Path(territories).write_text("{}")
    assert run(*where, "--index", str(index), lines=lines)[1] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--territories", "/nowhere.geojson"),
        ("check",),
        ("convert", "--from", "unknown", "--to", "wgs84"),
        ("convert", "--from", "gcj02", "--to", "wgs84", "/nowhere.jsonl"),
        ("locate", "--territories", __file__),
    ],
)
def test_what_cannot_be_carried_out_ends_with_2(arguments: tuple[str, ...]) -> None:
    said, code, error = run(*arguments, lines=fix())
    assert (said, code) == ([], 2)
    assert "Traceback" not in error
    if arguments != ("check",):
        assert len(error.splitlines()) == 1


def test_answers_go_out_when_stdin_pauses() -> None:
    with subprocess.Popen(
        [*RUN, "convert", "--from", "wgs84", "--to", "gcj02"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for lon in (1, 2):
            os.write(process.stdin.fileno(), b'{"lon":%d,"lat":3}\n' % lon)
            assert json.loads(process.stdout.readline()) == {"lon": lon, "lat": 3}
        process.stdin.close()
        assert process.wait() == 0
