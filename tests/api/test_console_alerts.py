import asyncio
import dataclasses
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from api.app import create_app
from api.console.alert_stream import _changes
from api.console.filters import filter_of
from api.wording import Wording
from store.accounts import begin_session, set_password
from tests.api.findings import add_finding, item_of, withdraw
from tests.api.world import GTIN, World


@pytest.fixture
async def console(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of somebody who is logged in."""
    set_password(world.engine, "mei", "correct horse battery", world.clock())
    token = begin_session(
        world.engine, "mei", now=world.clock(), entropy=world.random_bytes
    )
    async with world.client(Cookie=f"tw_session={token}") as client:
        yield client


async def test_alerts_are_listed_with_the_latest_first(
    world: World, console: httpx.AsyncClient
) -> None:
    first = add_finding(world, "a", change=1, minutes=5)
    second = add_finding(world, "b", change=2, minutes=9)
    add_finding(world, "c", change=3)
    withdraw(world, "c", change=4)
    page = (await console.get("/console/")).text
    assert re.findall(r'id="alert-([0-9a-f]+)"', page) == [second, first]
    assert "Orchid Trading" in page
    assert ">a<" in page
    assert "West" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("severity=high", ["b"]),
        ("severity=high&severity=low", ["b", "a"]),
        ("rule=code-invalid", ["b"]),
        ("rule=scan-outside-territory&severity=high", []),
        ("severity=nonsense", ["b", "a"]),
    ],
)
async def test_the_address_narrows_the_list(
    world: World, console: httpx.AsyncClient, query: str, expected: list[str]
) -> None:
    ids = {
        "a": add_finding(world, "a", change=1),
        "b": add_finding(world, "b", change=2, minutes=1, rule="code-invalid"),
    }
    page = (await console.get(f"/console/?{query}")).text
    found = re.findall(r'id="alert-([0-9a-f]+)"', page)
    assert found == [ids[name] for name in expected]


async def test_the_console_speaks_chinese(world: World, console: httpx.AsyncClient) -> None:
    alert_id = add_finding(world, "a", change=1)
    headers = {"Accept-Language": "zh-CN"}
    assert "警报" in (await console.get("/console/", headers=headers)).text
    page = (await console.get(f"/console/alerts/{alert_id}", headers=headers)).text
    assert "超出边界 204.1 公里" in page
    assert "发生了什么" in page


async def test_an_alerts_page_says_what_why_how_sure_and_what_would_clear_it(
    world: World, console: httpx.AsyncClient
) -> None:
    alert_id = add_finding(world, "a", change=1)
    page = (await console.get(f"/console/alerts/{alert_id}")).text
    for words in (
        "204.1 km beyond the border",
        "Why this rule fires",
        "A weak hint (20 %)",
        "What would clear it",
        "Orchid Trading",
        "scan-outside-territory",
        item_of("a"),
        "108.0, 24.0 ± 800.0 m",
    ):
        assert words in page


async def test_an_alerts_page_shows_its_evidence_entry_byte_for_byte(
    world: World, console: httpx.AsyncClient
) -> None:
    alert_id = add_finding(world, "a", change=1)
    page = (await console.get(f"/console/alerts/{alert_id}")).text
    assert "Entry 0" in page
    assert re.search(r"[0-9a-f]{64}</dd>", page)
    assert "&#34;prev&#34;:&#34;0000" in page


async def test_a_withdrawn_alert_stays_readable_and_says_so(
    world: World, console: httpx.AsyncClient
) -> None:
    alert_id = add_finding(world, "a", change=1)
    withdraw(world, "a", change=2)
    assert "no longer holds" in (await console.get(f"/console/alerts/{alert_id}")).text
    assert alert_id not in (await console.get("/console/")).text


async def test_an_unknown_alert_is_a_page_of_its_own(console: httpx.AsyncClient) -> None:
    answer = await console.get("/console/alerts/none")
    assert answer.status_code == 404
    assert "There is no such alert" in answer.text
    assert (await console.get("/console/alerts/none/map.json")).status_code == 404


async def test_what_came_in_is_escaped(world: World, console: httpx.AsyncClient) -> None:
    alert_id = add_finding(world, '<script>alert("x")</script>', change=1)
    page = (await console.get(f"/console/alerts/{alert_id}")).text
    assert "<script>alert" not in page
    policy = (await console.get("/console/")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?! src=)", page)


async def test_the_map_has_the_dealers_area_the_outlines_and_the_points(
    world: World, console: httpx.AsyncClient
) -> None:
    alert_id = add_finding(world, "a", change=1)
    content = (await console.get(f"/console/alerts/{alert_id}/map.json")).json()
    xs = [x for x, _ in content["authorised"]["coordinates"][0]]
    assert (min(xs), max(xs)) == (110, 120)
    names = {feature["properties"]["name"] for feature in content["outlines"]["features"]}
    assert names == {"East", "Lake", "West"}
    (point,) = content["points"]
    assert (point["lon"], point["lat"], point["accuracy_m"]) == (108.0, 24.0, 800.0)


async def test_the_map_is_on_wgs84(world: World, console: httpx.AsyncClient) -> None:
    alert_id = add_finding(world, "a", change=1, crs="gcj02")
    content = (await console.get(f"/console/alerts/{alert_id}/map.json")).json()
    (point,) = content["points"]
    assert 0.0005 < abs(point["lon"] - 108.0) < 0.01


async def test_nobody_reads_alerts_without_a_session(
    world: World, client: httpx.AsyncClient
) -> None:
    alert_id = add_finding(world, "a", change=1)
    assert (await client.get(f"/console/alerts/{alert_id}")).status_code == 303
    for path in (f"/console/alerts/{alert_id}/map.json", "/console/alerts/stream"):
        answer = await client.get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert GTIN not in answer.text


class Listener:
    """Reads server-sent events as a browser does."""

    def __init__(self, world: World, query: str = "", after: int = 0) -> None:
        app = create_app(world.services())
        scope: dict[str, Any] = {
            "type": "http", "method": "GET", "path": "/", "headers": [], "app": app,
            "query_string": query.encode(),
        }
        self.request = Request(scope, self._receive)
        self._stream = _changes(
            self.request,
            world.services(),
            filter_of(self.request),
            Wording("api.console", "en"),
            after,
        )

    async def _receive(self) -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def next(self) -> tuple[int, str, dict[str, str]]:
        """Id, name and data of the next event."""
        async for chunk in self._stream:
            fields = dict(
                line.split(": ", 1) for line in chunk.decode().split("\n") if ": " in line
            )
            if "event" in fields:
                return int(fields["id"]), fields["event"], json.loads(fields["data"])
        raise EOFError


async def test_the_stream_tells_of_new_and_of_gone_alerts(world: World) -> None:
    listener = Listener(world)
    alert_id = add_finding(world, "a", change=1)
    async with asyncio.timeout(5):
        change, name, data = await listener.next()
        assert (change, name, data["id"]) == (1, "alert", alert_id)
        assert f'id="alert-{alert_id}"' in data["html"]
        withdraw(world, "a", change=2)
        assert await listener.next() == (2, "gone", {"id": alert_id})


async def test_the_stream_goes_on_after_the_last_event_that_was_seen(world: World) -> None:
    for change, name in enumerate("abc", start=1):
        add_finding(world, name, change=change)
    async with asyncio.timeout(5):
        change, _, _ = await Listener(world, after=2).next()
    assert change == 3


async def test_the_stream_tells_a_narrowed_list_only_what_belongs_to_it(world: World) -> None:
    add_finding(world, "a", change=1)
    add_finding(world, "b", change=2, rule="code-invalid")
    listener = Listener(world, query="severity=high")
    async with asyncio.timeout(5):
        names = [(await listener.next())[1] for _ in range(2)]
    assert names == ["gone", "alert"]


async def test_the_stream_ends_with_the_process(world: World) -> None:
    listener = Listener(world)
    stopping = dataclasses.replace(world.services(), stopping=lambda: True)
    listener._stream = _changes(
        listener.request, stopping, filter_of(listener.request), Wording("api.console", "en"), 0
    )
    async with asyncio.timeout(5):
        with pytest.raises(EOFError):
            await listener.next()
