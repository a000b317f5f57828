"""What goes to a printing plant and comes back, and the registry's answer, by commands."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from store.registry import read_rows
from tracewarden.commands import codes, keys
from tracewarden.installation import open_database

RUN = CliRunner()
GTIN = "09506000134352"


class House:
    """A key ring and an embedded set's folder, and commands on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ring, self.data = folder, folder / "keys", folder / "data"
        assert RUN.invoke(keys.app, ["new", "--keys", str(self.ring)]).exit_code == 0

    def say(self, *arguments: object, code: int = 0) -> list[dict[str, Any]]:
        """The command's lines."""
        result = RUN.invoke(codes.app, [str(argument) for argument in arguments])
        assert result.exit_code == code, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def issue(self, job: str, count: int, *more: str) -> list[dict[str, str]]:
        """The rows of a new job's file."""
        out = self.folder / f"{job}.csv"
        order = ["--gtin", GTIN, "--count", str(count), "--job", job, "--out", out]
        self.say("issue", "--keys", self.ring, *order, "--data", self.data, *more)
        return rows_of(out)

    def lookup(self, *uris: str) -> list[dict[str, Any]]:
        """The registry's answers."""
        lines = self.folder / "lines.txt"
        lines.write_text("\n".join(uris))
        result = RUN.invoke(
            codes.app, ["lookup", "--keys", str(self.ring), "--data", str(self.data), str(lines)]
        )
        assert result.exit_code in (0, 1), result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("TRACEWARDEN_KEY_PASSPHRASE", "word")
    return House(tmp_path)


def test_a_revocation_from_a_date_leaves_the_codes_issued_before_valid(house: House) -> None:
    early = house.issue("early", 3)
    (listed,) = house.lookup(early[0]["uri"])
    revoke = ["revoke", "--keys", str(house.ring), "--id", "K1", "--at"]
    RUN.invoke(keys.app, [*revoke, "2100-01-01T00:00:00Z"])
    late = house.issue("late", 3)
    at = house.lookup(late[0]["uri"])[0]["issued_at"]
    RUN.invoke(keys.app, [*revoke, at])
    before, after, unissued = house.lookup(
        early[1]["uri"], late[1]["uri"], early[1]["uri"].replace("/21/", "/21/A")
    )
    assert listed["ok"]
    assert (before["signature"], before["ok"], before["job"]) == ("revoked-key", True, "early")
    assert (after["signature"], after["ok"], after["job"]) == ("revoked-key", False, "late")
    assert (unissued["signature"], unissued["ok"], unissued["job"]) == ("invalid", False, None)


def test_codes_of_a_job_that_waits_are_active_once_reported_printed(house: House) -> None:
    rows = house.issue("J", 10, "--active-on-report")
    assert {answer["activation"] for answer in house.lookup(rows[0]["uri"], rows[9]["uri"])} == {
        "not-reported"
    }
    report = ["report", "--job", "J", "--data", house.data, "--report", "R-1", "--plant", "North"]
    told = ["--printed", "0-7", "--spoiled", "3", "--lost", "9"]
    (said,) = house.say(*report, *told)
    assert said == {"report_id": "R-1", "job": "J", "ranges": 3, "new": True}
    assert house.say(*report, *told)[0]["new"] is False
    answers = house.lookup(*(row["uri"] for row in rows))
    assert [answer["activation"] for answer in answers] == [
        *["active"] * 3,
        "spoiled",
        *["active"] * 4,
        "not-reported",
        "lost",
    ]
    assert [answer["ok"] for answer in answers].count(True) == 7
    house.say("report", "--job", "J", "--printed", "3", "--data", house.data)
    assert house.lookup(rows[3]["uri"])[0]["activation"] == "active"


def test_codes_of_a_usual_job_are_active_without_a_report(house: House) -> None:
    rows = house.issue("J", 3)
    house.say("report", "--job", "J", "--spoiled", "1", "--data", house.data)
    assert [a["activation"] for a in house.lookup(*(row["uri"] for row in rows))] == [
        "active",
        "spoiled",
        "active",
    ]


WRONG_REPORTS = [
    ["--job", "none", "--printed", "0"],
    ["--job", "J"],
    ["--job", "J", "--printed", "0-3"],
    ["--job", "J", "--printed", "2-1"],
    ["--job", "J", "--printed", "x"],
    ["--job", "J", "--printed", "0", "--report", "R"],
]


def test_a_report_that_cannot_be_taken_changes_nothing(house: House) -> None:
    house.issue("J", 3)
    house.say("report", "--job", "J", "--lost", "2", "--report", "R", "--data", house.data)
    for wrong in WRONG_REPORTS:
        house.say("report", *wrong, "--data", house.data, code=2)
    engine = open_database(house.data)
    with engine.connect() as connection:
        reports = read_rows(connection)[1].print_reports
    engine.dispose()
    assert [(told.report_id, told.outcome) for told in reports] == [("R", "lost")]
    assert reports[0].recorded_at is not None


def test_a_reprint_gives_the_very_same_codes_also_after_the_key_was_retired(house: House) -> None:
    house.issue("other", 4)
    rows = house.issue("J", 6, "--hidden", "--lot", "L1")
    RUN.invoke(keys.app, ["retire", "--keys", str(house.ring), "--id", "K1"])
    out = house.folder / "again.csv"
    reprint = ["reprint", "--keys", house.ring, "--job", "J", "--out", out]
    ranges = ["--range", "5", "--range", "8-9", "--hidden"]
    assert house.say(*reprint, *ranges) == [{"job": "J", "count": 3}]
    assert rows_of(out) == [rows[1], rows[4], rows[5]]
    house.say(*reprint, *ranges, code=2)
    out.unlink()
    house.say(*reprint, "--range", "3", code=2)
    RUN.invoke(keys.app, ["revoke", "--keys", str(house.ring), "--id", "K1"])
    house.say(*reprint, *ranges, code=2)
    assert not out.exists()


def test_sets_match_each_cases_code_with_its_items_and_say_what_was_packed(house: House) -> None:
    rows = house.issue("J", 5, "--hidden")
    out, events = house.folder / "sets.csv", house.folder / "packed.jsonl"
    sets = ["sets", house.folder / "J.csv", "--keys", house.ring, "--prefix", "9506000"]
    (said,) = house.say(
        *sets,
        "--first",
        "7",
        "--items-a-case",
        "2",
        "--out",
        out,
        "--events",
        events,
        "--packed-at",
        "2026-03-01T16:00:00+08:00",
    )
    assert said == {"cases": 3, "items": 5, "next_reference": 10}
    made = rows_of(out)
    assert [row["sscc"][8:17] for row in made] == [f"00000000{n}" for n in "77889"]
    assert [{name: row[name] for name in rows[0]} for row in made] == rows
    lines = house.folder / "lines.txt"
    lines.write_text("\n".join(row["case_uri"] for row in made))
    verified = house.say("verify", "--keys", house.ring / "jwks.json", lines)
    assert [(line["signature"], line["gtin"]) for line in verified] == [("valid", None)] * 5
    cases = house.folder / "cases.zpl"
    (printed,) = house.say("labels", out, "--column", "case_uri", "--out", cases)
    assert (printed["labels"], cases.read_text().count("(00) ")) == (3, 3)
    packed = [json.loads(line) for line in events.read_text().splitlines()]
    assert [len(event["childEPCs"]) for event in packed] == [2, 2, 1]
    assert (packed[0]["eventTime"], packed[0]["eventTimeZoneOffset"]) == (
        "2026-03-01T16:00:00+08:00",
        "+08:00",
    )
    assert packed[0]["parentID"] == f"https://id.gs1.org/00/{made[0]['sscc']}"


def test_one_job_id_is_not_two_jobs_of_one_registry(house: House, tmp_path: Path) -> None:
    house.issue("J", 3)
    other = tmp_path / "other"
    RUN.invoke(keys.app, ["new", "--keys", str(other)])
    order = ["--gtin", GTIN, "--count", "4", "--job", "J", "--out", tmp_path / "x.csv"]
    house.say("issue", "--keys", other, *order, "--data", house.data, code=2)
    assert not (tmp_path / "x.csv").exists()
