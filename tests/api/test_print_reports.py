"""A printing plant's report over HTTP, and what a consumer then reads."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from codes.issued import Activation, Issue, JobInForce
from codes.print_reports import PrintedRanges, PrintRange
from registry.model import IssuingJob
from store import outbox
from store.registry import add_rows, read_rows
from tests.api.test_visit_page import NEVER_SAID, page_of, told
from tests.api.world import GTIN, NOW, RETIRED_SIGNER, World, code_for

JOB = IssuingJob(
    job="J",
    gtin=GTIN,
    first_index=10,
    count=5,
    key_id="K1",
    issued_at=datetime(2026, 3, 1, tzinfo=UTC),
    active_on_report=True,
)
REPORT = {
    "report_id": "R-1",
    "job": "J",
    "plant": "North",
    "ranges": [
        {"first_index": 10, "last_index": 13, "outcome": "printed"},
        {"first_index": 12, "last_index": 12, "outcome": "spoiled"},
    ],
}


@pytest.fixture
def noted(world: World) -> World:
    with world.engine.begin() as connection:
        add_rows(connection, "a job", now_us=1, jobs=[JOB])
    return world


def reports_in(engine: Engine) -> list[tuple[str, int, int, str]]:
    with engine.connect() as connection:
        rows = read_rows(connection)[1].print_reports
    return [(row.report_id, row.first_index, row.last_index, row.outcome) for row in rows]


async def post(client: httpx.AsyncClient, world: World, body: Any) -> httpx.Response:
    return await client.post("/v1/print-reports", json=body, headers=world.key("print-reports"))


async def test_a_report_is_kept_once_by_its_ranges(noted: World, client: httpx.AsyncClient) -> None:
    first = await post(client, noted, REPORT)
    again = await post(client, noted, REPORT)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"report_id": "R-1", "job": "J", "ranges": 2}
    assert reports_in(noted.engine) == [("R-1", 10, 13, "printed"), ("R-1", 12, 12, "spoiled")]


@pytest.mark.parametrize(
    ("change", "status", "type_", "field"),
    [
        ({"job": "none"}, 422, "print-report-invalid", "job"),
        ({"ranges": []}, 422, "print-report-invalid", "ranges"),
        ({"more": 1}, 422, "print-report-invalid", None),
        (
            {"ranges": [{"first_index": 9, "last_index": 10, "outcome": "lost"}]},
            422,
            "print-report-invalid",
            "ranges.0",
        ),
        (
            {"ranges": [{"first_index": 10, "last_index": 10, "outcome": "eaten"}]},
            422,
            "print-report-invalid",
            "ranges[0].outcome",
        ),
    ],
)
async def test_a_report_that_cannot_be_taken_names_the_member_and_changes_nothing(
    noted: World,
    client: httpx.AsyncClient,
    change: dict[str, Any],
    status: int,
    type_: str,
    field: str | None,
) -> None:
    answer = await post(client, noted, {**REPORT, **change})
    assert answer.status_code == status
    assert answer.json()["type"] == f"/problems/{type_}"
    assert answer.json().get("field") == field
    assert reports_in(noted.engine) == []


async def test_another_report_under_a_known_id_is_a_conflict(
    noted: World, client: httpx.AsyncClient
) -> None:
    await post(client, noted, REPORT)
    answer = await post(client, noted, {**REPORT, "plant": "South"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/print-report-conflict")
    assert len(reports_in(noted.engine)) == 2


async def test_only_a_key_with_the_scope_reports(noted: World, client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/print-reports", json=REPORT)).status_code == 401
    headers = noted.key("scans")
    assert (await client.post("/v1/print-reports", json=REPORT, headers=headers)).status_code == 403
    raw = {**noted.key("print-reports"), "Content-Type": "application/json"}
    answer = await client.post("/v1/print-reports", content=b"{\xff", headers=raw)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/json-invalid")
    assert reports_in(noted.engine) == []


def issue_of(activation: Activation, *, key_id: str = "K1", issued_at: datetime = NOW) -> Issue:
    printed = {
        "active": [PrintRange(0, 0, "printed")],
        "spoiled": [PrintRange(0, 0, "spoiled")],
        "lost": [PrintRange(0, 0, "lost")],
        "not-reported": [],
    }[activation]
    job = JobInForce(
        "J", GTIN, 0, 1, key_id, issued_at, on_report=True, printed=PrintedRanges(printed)
    )
    return Issue(job, 0)


def scans_kept(world: World) -> list[dict[str, Any]]:
    """The scans in the outbox, and those that went to the bus already."""
    waiting = [event.raw for event in outbox.waiting(world.engine, 10)]
    published = [raw for _, _, raw in world.publisher.published]
    return [json.loads(raw) for raw in {*waiting, *published}]


@pytest.mark.parametrize(
    ("activation", "verdict", "english", "chinese"),
    [
        ("active", "signed", "was issued by", "签发"),
        ("not-reported", "not-active", "not active yet", "尚未启用"),
        ("spoiled", "voided", "should not be on any item", "不应出现"),
        ("lost", "voided", "should not be on any item", "不应出现"),
    ],
)
async def test_a_scan_says_whether_its_code_is_active(
    world: World,
    client: httpx.AsyncClient,
    activation: Activation,
    verdict: str,
    english: str,
    chinese: str,
) -> None:
    world.issues["A1"] = issue_of(activation)
    answer = await told(client, code_for("A1"))
    assert (answer["verdict"], answer["activation"]) == (verdict, activation)
    objection = None if activation == "active" else activation
    (noted,) = scans_kept(world)
    assert noted.get("activation") == objection
    scan = {
        "event_id": "p",
        "scanned_at": NOW.isoformat(),
        "uri": "https://id.brand.example" + code_for("A1"),
        "reader": "dealer",
        "activation": "lost",
    }
    sent = await client.post("/v1/scans", json=[scan], headers=world.key("scans"))
    assert sent.status_code == 202
    (_, _, raw) = next(sent for sent in world.publisher.published if b'"dealer"' in sent[2])
    assert json.loads(raw).get("activation") == objection
    for language, words in (("en", english), ("zh", chinese)):
        page = await page_of(client, code_for("A1"), language)
        assert words in page
        assert not NEVER_SAID.search(page[page.index("<h1>") :])


async def test_a_code_issued_before_its_key_was_revoked_stays_valid(
    world: World, client: httpx.AsyncClient
) -> None:
    code = code_for("A1", signer=RETIRED_SIGNER)
    assert (await told(client, code))["verdict"] == "key-revoked"
    for issued_at, key_id, verdict in (
        (NOW - timedelta(seconds=1), "K2", "signed"),
        (NOW, "K2", "key-revoked"),
        (NOW - timedelta(days=1), "K1", "key-revoked"),
    ):
        world.issues["A1"] = issue_of("active", key_id=key_id, issued_at=issued_at)
        answer = await told(client, code)
        assert (answer["verdict"], answer["signature"]) == (verdict, "revoked-key")
