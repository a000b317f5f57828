"""The room of the policy: who sees it, who may change it, and what a change comes to."""

import json
import re
from typing import Any

import httpx

from store.evidence_log import EvidenceLog
from store.registry import read_policies
from store.transactions import reading
from tests.api.test_cases import client_of, csrf_of
from tests.api.world import World


def entries(world: World) -> list[dict[str, Any]]:
    log = EvidenceLog()
    with reading(world.engine) as connection:
        rows = list(log.iterate(connection, 0, log.head(connection).size))
    bodies = [json.loads(row.data)["body"] for row in rows]
    return [body for body in bodies if body["kind"] == "policy" and "by" in body]


async def propose(client: httpx.AsyncClient, thresholds: str, **more: str) -> httpx.Response:
    form = {"csrf": await csrf_of(client, "/console/policy"), "thresholds": thresholds, **more}
    return await client.post("/console/policy/proposals", data=form)


async def test_an_administrator_proposes_and_enacts_and_both_are_entries(world: World) -> None:
    async with await client_of(world, "lin", "administrator") as lin:
        done = await propose(
            lin, '{"tier_3_days": 9, "weights": {"forged": 0.75}}', why="the fair <of> May",
            **{"from": "2031-05-01T00:00"},
        )  # fmt: skip
        assert (done.status_code, done.headers["location"]) == (303, "/console/policy")
        page = (await lin.get("/console/policy")).text
        assert "weights.forged" in page
        assert "the fair &lt;of&gt; May" in page
        [number] = re.findall(r"/proposals/(\d+)/enact", page)
        form = {"csrf": await csrf_of(lin, "/console/policy")}
        for _ in range(2):
            await lin.post(f"/console/policy/proposals/{number}/enact", data=form)
        assert "/enact" not in (await lin.get("/console/policy")).text
    with reading(world.engine) as connection:
        first, [later] = read_policies(connection)
    assert (later.policy.version, later.policy.tier_3_days) == (first.version + 1, 9)
    assert later.policy.weights.forged == 0.75
    assert later.policy.weights.sure == first.weights.sure
    assert later.valid_from is not None
    assert later.valid_from.isoformat() == "2031-05-01T00:00:00+00:00"
    assert [(one["what"], one["by"]) for one in entries(world)] == [
        ("proposed", "lin"), ("enacted", "lin")
    ]  # fmt: skip


async def test_what_is_no_threshold_is_refused_with_the_reason_and_changes_nothing(
    world: World,
) -> None:
    async with await client_of(world, "lin", "administrator") as lin:
        for wrong in ('{"lull": 1}', '{"tier_3_days": 0}', "[]", "x", '{"weights": {"forged": 2}}'):
            done = await propose(lin, wrong)
            assert done.headers["location"].startswith("/console/policy?refused=")
        assert (await propose(lin, "{}", **{"from": "soon"})).status_code == 303
        page = (await lin.get(done.headers["location"])).text
        assert 'role="alert"' in page
    assert entries(world) == []


async def test_others_read_it_and_a_dealer_does_not(world: World) -> None:
    for role in ("reviewer", "decider", "auditor"):
        async with await client_of(world, role, role) as one:
            page = await one.get("/console/policy")
            assert page.status_code == 200
            assert 'name="thresholds"' not in page.text
            assert (await one.post("/console/policy/proposals", data={})).status_code == 403
    async with await client_of(world, "d", "dealer", "D1") as dealer:
        assert (await dealer.get("/console/policy")).headers["location"] == "/console/questions"
    assert entries(world) == []
