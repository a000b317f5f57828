"""``tracewarden geo areas``: from a boundary package to territories that the registry takes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.geo.test_areas import ATLAS, CHINA
from tracewarden.cli import app_of

RUN = CliRunner()
APP = app_of(("geo", "registry"))
COUNTIES = ("--source", str(ATLAS / "counties-10m.json"))


def test_areas_are_listed_and_picked_and_the_registry_takes_them(tmp_path: Path) -> None:
    done = RUN.invoke(APP, ["geo", "areas", "list", *COUNTIES, "--under", "44"])
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == [
        "Bristol", "Kent", "Newport", "Providence", "Washington"
    ]  # fmt: skip
    out = tmp_path / "made.geojson"
    pick = ["geo", "areas", "pick", *COUNTIES, "--prefix", "US-", "--out", str(out)]
    assert RUN.invoke(APP, [*pick, "--under", "44", "--level", "county"]).exit_code == 0
    data = ["--data", str(tmp_path / "data")]
    done = RUN.invoke(APP, ["registry", "add", "territories", str(out), *data])
    names = [t["territory_id"] for t in json.loads(done.stdout)["territories"]]
    assert names == ["US-44001", "US-44003", "US-44005", "US-44007", "US-44009"]
    assert (
        RUN.invoke(APP, [*pick, "44001", "44005", "--as", "EAST", "--name", "东区"]).exit_code == 0
    )
    (feature,) = json.loads(out.read_text())["features"]
    assert feature["properties"] == {"territory_id": "EAST", "name": "东区", "version": 1}


def test_a_folder_and_a_description_of_its_fields_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    for name, content in CHINA:
        (folder / name).write_bytes(content)
    (folder / "package.json").write_text("{}")
    fields = tmp_path / "fields.toml"
    fields.write_text(
        'code = "adcode"\nlevel = "level"\nparent = "parent.adcode"\n'
        '[levels]\ndistrict = "county"\n'
    )
    for way in (("--package", "adcode"), ("--fields", str(fields))):
        done = RUN.invoke(
            APP, ["geo", "areas", "list", "--source", str(folder), *way, "--under", "320100"]
        )
        assert [json.loads(line)["code"] for line in done.stdout.splitlines()] == [
            "320102", "320104"
        ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ("pick", *COUNTIES),
        ("pick", *COUNTIES, "99999"),
        ("pick", *COUNTIES, "--under", "99"),
        ("pick", *COUNTIES, "44001", "--valid-from", "spring"),
        ("list", *COUNTIES, "--level", "village"),
        ("list", *COUNTIES, "--package", "mine"),
        ("list", *COUNTIES, "--fields", __file__),
        ("list", "--source", "/nowhere.json"),
        ("list", "--source", __file__),
    ],
)
def test_what_cannot_be_carried_out_ends_with_2(arguments: tuple[str, ...]) -> None:
    done = RUN.invoke(APP, ["geo", "areas", *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
