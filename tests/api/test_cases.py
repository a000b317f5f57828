"""The rooms of cases over HTTP: who sees what, what a form does, and what it must not."""

import csv
import io
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from cases.roles import Role
from cases.standing import standing
from cases.steps import Ask
from store.accounts import begin_session, set_password
from store.case_steps import Author, steps_of, take_step
from store.case_views import find_case
from store.evidence_fence import guard_by
from store.evidence_guard import Guard
from store.evidence_service import signing
from store.instants import to_us
from store.schema.evidence import evidence_entries, evidence_head
from tests.api.findings import add_finding
from tests.api.world import World
from tests.store.cases_at_hand import add_case

PDF = ("receipt.pdf", b"%PDF-1.7 receipt", "application/pdf")


@pytest.fixture
def alert_ids(world: World) -> tuple[str, ...]:
    """Two alerts and the case ``c1`` of both; ``c2`` is another dealer's."""
    found = tuple(add_finding(world, name, change=n, minutes=n) for n, name in enumerate("ab", 1))
    add_case(world.engine, "c1", alert_ids=found, change=1)
    add_case(world.engine, "c2", alert_ids=(), change=2, kind="clone", dealer_id="=D2", tier=1)
    return found


async def client_of(world: World, name: str, role: Role, dealer: str | None = None) -> Any:
    """Somebody who is logged in."""
    set_password(
        world.engine, name, "correct horse battery", world.clock(), role=role, dealer_id=dealer
    )
    token = begin_session(world.engine, name, now=world.clock(), entropy=world.random_bytes)
    return world.client(Cookie=f"tw_session={token}", **{"Accept-Language": "en"})


@pytest.fixture
async def decider(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A decider."""
    async with await client_of(world, "mei", "decider") as one:
        yield one


async def csrf_of(client: httpx.AsyncClient, page: str = "/console/cases") -> str:
    """The token that the page's forms carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get(page)).text)
    assert found is not None
    return found[1]


async def step(client: httpx.AsyncClient, case_id: str, **fields: Any) -> httpx.Response:
    """Send the form of a step."""
    form = {"csrf": await csrf_of(client), **fields}
    return await client.post(f"/console/cases/{case_id}/steps", data=form)


async def test_the_list_shows_open_cases_the_gravest_first(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    text = (await decider.get("/console/cases")).text
    assert text.index("/console/cases/c2") < text.index("/console/cases/c1")
    assert "Orchid Trading" in text
    assert "1,200.00 CNY" in text
    narrowed = (await decider.get("/console/cases?state=open&kind=diversion")).text
    assert "/console/cases/c2" not in narrowed


async def test_one_case_says_what_happened_and_how_sure_we_are(
    decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    text = (await decider.get("/console/cases/c1")).text
    assert "2 items (Green Tea 250 g) for which Orchid Trading answers turned up in West" in text
    assert "All but certain (97 %)" in text
    assert alert_ids[0] in text
    chinese = await decider.get("/console/cases/c1", headers={"Accept-Language": "zh"})
    assert "窜货" in chinese.text
    assert (await decider.get("/console/cases/none")).status_code == 404


async def test_a_cases_map_holds_the_points_of_all_its_alerts(
    decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    content = (await decider.get("/console/cases/c1/map.json")).json()
    assert len(content["points"]) == 2
    assert content["authorised"] is not None


async def test_a_case_is_worked_to_its_end_and_every_step_stays(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    for fields in (
        {"step": "assign", "assignee": "mei"},
        {"step": "comment", "text": "<b>Kansas</b> again"},
        {"step": "ask", "text": "Where did these go?", "told": ["gtins"], "days": "3"},
        {"step": "silence", "days": "2"},
        {"step": "dismiss", "reason": "permitted-sale"},
        {"step": "reopen", "text": "The permit was for another state."},
        {"step": "confirm", "text": "They shipped them."},
    ):
        response = await step(decider, "c1", **fields)
        assert response.headers["location"] == "/console/cases/c1", fields
    now = standing(row.taken for row in steps_of(world.engine, "c1"))
    assert (now.state, now.assignee, now.steps) == ("confirmed", "mei", 7)
    page = (await decider.get("/console/cases/c1")).text
    assert "&lt;b&gt;Kansas&lt;/b&gt; again" in page
    assert "a permitted sale" in page
    assert 'name="step" value="confirm"' not in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"step": "confirm", "text": ""}, "case-step-invalid_text"),
        ({"step": "dismiss", "reason": "because"}, "case-step-invalid_reason"),
        ({"step": "reopen", "text": "x"}, "case-step-refused"),
        ({"step": "fly"}, "case-step-invalid_step"),
        ({"step": "comment", "text": "x", "seen": "4"}, "case-moved"),
        ({"step": "merge", "into": "c9"}, "case-unknown"),
        ({"step": "split", "alert": ["a9"]}, "case-step-invalid_alert_ids"),
    ],
)
async def test_a_step_that_cannot_be_taken_says_why_and_changes_nothing(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...], fields: Any, message: str
) -> None:
    response = await step(decider, "c1", **fields)
    assert response.headers["location"].endswith(f"message={message}")
    assert steps_of(world.engine, "c1") == []
    assert 'role="alert"' in (await decider.get(response.headers["location"])).text


async def test_a_form_from_elsewhere_does_nothing(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    data = {"csrf": "00", "step": "assign", "assignee": "mei"}
    response = await decider.post("/console/cases/c1/steps", data=data)
    assert response.status_code == 403
    assert steps_of(world.engine, "c1") == []


async def test_cases_are_split_and_merged(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    response = await step(decider, "c1", step="split", alert=[alert_ids[0]])
    made = response.headers["location"].rpartition("/")[2]
    case = find_case(world.engine, made)
    assert case is not None
    assert case.body["alert_ids"] == [alert_ids[0]]
    left = (await decider.get("/console/cases/c1")).text
    assert f"/console/alerts/{alert_ids[0]}" not in left
    response = await step(decider, made, step="merge", into="c1")
    assert response.headers["location"] == "/console/cases/c1"
    joined = (await decider.get(f"/console/cases/{made}")).text
    assert "It goes on as a part of" in joined


async def test_files_are_kept_by_hash_and_come_back_only_as_downloads(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    form = {"csrf": await csrf_of(decider), "step": "attach", "text": "A test purchase"}
    await decider.post("/console/cases/c1/steps", data=form, files={"files": PDF})
    page = (await decider.get("/console/cases/c1")).text
    link = re.search(r"/console/cases/c1/files/[0-9a-f]{64}", page)
    assert link is not None
    response = await decider.get(link[0])
    assert response.content == PDF[1]
    assert response.headers["content-disposition"].startswith("attachment")
    refused = await decider.post(
        "/console/cases/c1/steps", data=form, files={"files": ("x.exe", b"MZ\x00", "image/png")}
    )
    assert refused.headers["location"].endswith("case-step-invalid_files")


async def test_an_auditor_reads_and_takes_no_step(
    world: World, alert_ids: tuple[str, ...]
) -> None:
    async with await client_of(world, "ann", "auditor") as auditor:
        page = (await auditor.get("/console/cases/c1")).text
        assert 'name="step"' not in page
        response = await step(auditor, "c1", step="comment", text="x")
        assert response.headers["location"].endswith("case-step-refused")
    assert steps_of(world.engine, "c1") == []


async def test_a_dealer_sees_its_questions_and_nothing_else(
    world: World, alert_ids: tuple[str, ...]
) -> None:
    asked = Ask("D1", "Where did these go?", to_us(world.clock()) + 1, ("gtins",))
    mei = Author("mei", "decider", os.urandom)
    take_step(world.engine, "c1", asked, mei, at_us=to_us(world.clock()))
    async with await client_of(world, "wang", "dealer", "D1") as dealer:
        for path in ("/console/", "/console/cases", "/console/cases/c1", "/console/cases.csv"):
            response = await dealer.get(path)
            assert (response.status_code, response.headers["location"]) == (
                303, "/console/questions",
            ), path  # fmt: skip
        assert (await dealer.get("/console/alerts/stream")).status_code == 401
        page = (await dealer.get("/console/questions")).text
        assert "Where did these go?" in page
        assert "Green Tea 250 g" in page
        assert "West" not in page
        assert "97 %" not in page
        form = {"csrf": await csrf_of(dealer, "/console/questions"), "text": "Sold at home."}
        url = "/console/questions/c1/0"
        await dealer.post(url, data=form, files={"files": PDF})
        assert "Sold at home." in (await dealer.get("/console/questions")).text
        again = await dealer.post(url, data=form)
        assert again.headers["location"].endswith("case-step-invalid_question")
    now = standing(row.taken for row in steps_of(world.engine, "c1"))
    assert (now.state, now.open_questions) == ("in-review", ())


async def test_a_dealer_cannot_answer_for_another(
    world: World, alert_ids: tuple[str, ...]
) -> None:
    asked = Ask("D1", "Where did these go?", 1)
    take_step(world.engine, "c1", asked, Author("mei", "decider", os.urandom), at_us=0)
    async with await client_of(world, "zhao", "dealer", "D7") as other:
        form = {"csrf": await csrf_of(other, "/console/questions"), "text": "Us."}
        assert (await other.post("/console/questions/c1/0", data=form)).status_code == 404
    assert len(steps_of(world.engine, "c1")) == 1


async def test_several_cases_are_given_to_somebody_at_once(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    form = {"csrf": await csrf_of(decider), "case": ["c1", "c2", "c9"], "assignee": "mei"}
    response = await decider.post("/console/cases/assign", data=form | {"query": "kind=clone"})
    assert "kind=clone" in response.headers["location"]
    for case_id in ("c1", "c2"):
        row = find_case(world.engine, case_id)
        assert row is not None
        assert row.assignee == "mei"


async def test_a_view_is_saved_shown_and_forgotten(
    decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    form = {"csrf": await csrf_of(decider), "name": "Clones", "query": "state=open&kind=clone"}
    await decider.post("/console/views", data=form)
    assert ">Clones</a>" in (await decider.get("/console/cases")).text
    await decider.post("/console/views", data=form | {"drop": "1"})
    assert ">Clones</a>" not in (await decider.get("/console/cases")).text
    refused = await decider.post("/console/views", data=form | {"name": " "})
    assert refused.status_code == 422


async def test_the_list_is_taken_along_as_seen_without_formulas(
    decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    response = await decider.get("/console/cases.csv?state=open&kind=clone")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["case", "kind", "state"]
    assert [row[0] for row in rows[1:]] == ["c2"]
    assert rows[1][5] == "'=D2"
    listed = (await decider.get("/console/cases.json?state=open")).json()
    assert [row["case_id"] for row in listed] == ["c2", "c1"]


async def test_the_course_of_the_test_is_drawn_with_its_threshold(
    world: World, decider: httpx.AsyncClient
) -> None:
    day_us = 86_400_000_000
    course = [[to_us(world.clock()) + n * day_us, 0.4 * n - 0.5] for n in range(12)]
    facts = {"course": course, "threshold": 3.2, "evidence": 3.9}
    add_case(world.engine, "c7", alert_ids=(), change=7, facts=facts)
    page = (await decider.get("/console/cases/c7")).text
    points = re.search(r'class="line-e" points="([^"]+)"', page)
    assert points is not None
    assert len(points[1].split()) == 12
    assert 'class="threshold"' in page
    assert "2026-05-15" in page


async def test_a_step_that_cannot_be_logged_is_refused_and_not_taken(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...], tmp_path: Path
) -> None:
    private = Guard(tmp_path / "private")
    guard_by(world.engine, private)
    with signing(world.engine, private.folder, "brand.example/log") as log:
        assert (await step(decider, "c1", step="comment", text="seen")).status_code == 303
        log.seal()
    with world.engine.begin() as conn:  # A backup of before the step.
        conn.execute(delete(evidence_entries))
        conn.execute(delete(evidence_head))
    before = steps_of(world.engine, "c1")
    refused = await step(decider, "c1", step="comment", text="and more")
    assert refused.status_code == 503
    assert "a restored backup?" in refused.text
    assert steps_of(world.engine, "c1") == before


async def test_a_search_finds_cases_by_the_names_that_people_read(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    add_case(world.engine, "c8", alert_ids=(), change=8, dealer_id=None, territory_id=None)
    for text, expected in (("orchid", {"c1"}), ("WEST", {"c1", "c2"}), ("none such", set())):
        page = (await decider.get(f"/console/cases?q={text}")).text
        assert set(re.findall(r'href="/console/cases/(c\d)"', page)) == expected, text
        listed = (await decider.get(f"/console/cases.json?q={text}")).json()
        assert {row["case_id"] for row in listed} == expected, text


async def test_assigning_several_says_how_many_were_given(
    world: World, decider: httpx.AsyncClient, alert_ids: tuple[str, ...]
) -> None:
    await step(decider, "c2", step="confirm", text="Seen.")
    for chosen, said in (
        (["c1", "c2"], "Assigned: 1. Could not be assigned: 1."),
        ([], "No case was chosen."),
    ):
        form = {"csrf": await csrf_of(decider), "case": chosen, "assignee": "mei"}
        done = await decider.post("/console/cases/assign", data=form)
        assert said in (await decider.get(done.headers["location"])).text


async def test_a_browser_is_refused_in_words_and_a_program_by_a_problem(
    world: World, alert_ids: tuple[str, ...]
) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "zh-CN"}
    async with await client_of(world, "ann", "auditor") as auditor:
        page = await auditor.post("/console/policy/proposals", data={}, headers=browser)
        assert (page.status_code, page.headers["content-type"][:9]) == (403, "text/html")
        assert "您的角色可以查看" in page.text
        for path in ("/console/nonsense", "/console/cases/c1/files/0"):
            page = await auditor.get(path, headers=browser)
            assert page.status_code == 404
            assert "此地址下没有内容" in page.text
            assert "ann" in page.text
        problem = await auditor.post("/console/policy/proposals", data={})
        assert problem.json()["type"] == "/problems/role-refused"
