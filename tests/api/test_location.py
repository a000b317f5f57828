import math
from typing import Any

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.consumer.coarse import coarse_location
from tests.api.test_printed_address import kept_scans
from tests.api.world import World, code_for

FIX = {"lon": 113.26437, "lat": 23.12908, "accuracy_m": 30.0}


async def visit(client: httpx.AsyncClient, serial: str = "A1") -> str:
    answer = await client.get(code_for(serial))
    return str(answer.headers["location"])


async def test_a_location_is_a_second_scan_of_the_same_session(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    answer = await client.post(f"{page}/location", json=FIX)
    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    first, second = kept_scans(world)
    assert second.session == first.session
    assert second.event_id == f"{first.event_id}-loc"
    assert second.location is not None
    assert (second.location.crs, second.location.level) == ("wgs84", 0.95)


async def test_what_is_kept_is_coarse(world: World, client: httpx.AsyncClient) -> None:
    await client.post(f"{await visit(client)}/location", json=FIX)
    location = kept_scans(world)[1].location
    assert location is not None
    assert (location.lon, location.lat) == (113.26, 23.13)
    assert 700 < location.accuracy_m < 900


async def test_sending_twice_changes_nothing(world: World, client: httpx.AsyncClient) -> None:
    page = await visit(client)
    for lon in (113.0, 114.0):
        assert (await client.post(f"{page}/location", json={**FIX, "lon": lon})).is_success
    assert len(kept_scans(world)) == 2


async def test_a_location_does_not_make_another_query(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    await client.post(f"{page}/location", json=FIX)
    told = (await client.get(page, headers={"Accept": "application/json"})).json()
    assert told["queries"]["number"] == told["queries"]["total"] == 1


async def test_only_the_browser_that_read_the_code_may_add_its_place(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    async with world.client() as somebody_else:
        await visit(somebody_else, "B2")
        answer = await somebody_else.post(f"{page}/location", json=FIX)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/visit-closed")
    assert all(scan.location is None for scan in kept_scans(world))


async def test_too_late_a_place_says_nothing_of_the_reading(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    world.clock.pass_time(minutes=16)
    answer = await client.post(f"{page}/location", json=FIX)
    assert answer.status_code == 410
    assert 'id="share"' not in (await client.get(page)).text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**FIX, "lat": 113.2}, "lat"),
        ({**FIX, "lon": 0.001, "lat": -0.002}, "lon"),
        ({**FIX, "lon": None}, "lon"),
        ({**FIX, "accuracy_m": -1}, "accuracy_m"),
        ({**FIX, "crs": "mars"}, "crs"),
        ({"lon": 1, "lat": 2}, None),
        ({**FIX, "name": "Li"}, None),
        ([], None),
    ],
)
async def test_a_fix_that_cannot_be_is_refused(
    world: World, client: httpx.AsyncClient, body: Any, field: str | None
) -> None:
    answer = await client.post(f"{await visit(client)}/location", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("field") == field
    assert len(kept_scans(world)) == 1


async def test_other_content_and_other_addresses_are_refused(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    not_json = await client.post(f"{page}/location", content=b"lon=1")
    nan = await client.post(
        f"{page}/location", content=b'{"lon":NaN}', headers={"Content-Type": "application/json"}
    )
    nowhere = await client.post("/v/none/location", json=FIX)
    large = await client.post(f"{page}/location", json={**FIX, "crs": "x" * 5000})
    statuses = [answer.status_code for answer in (not_json, nan, nowhere, large)]
    assert statuses == [415, 400, 404, 413]
    assert len(kept_scans(world)) == 1


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-89, 89),
    accuracy_m=st.floats(0, 20_100_000),
)
def test_coarse_is_never_more_certain_than_what_was_reported(
    lon: float, lat: float, accuracy_m: float
) -> None:
    assume(round(lon, 2) or round(lat, 2))
    location = coarse_location(lon, lat, accuracy_m, "wgs84")
    assert location.accuracy_m >= min(accuracy_m, 19_999_999.9) - 0.1
    assert abs(location.lon - lon) <= 0.005 + 1e-9
    assert abs(location.lat - lat) <= 0.005 + 1e-9
    assert -180 <= location.lon <= 180
    moved_m = 111_320 * math.hypot(
        (location.lon - lon) * math.cos(math.radians(lat)), location.lat - lat
    )
    assert moved_m <= max(location.accuracy_m, 787) + 1


def test_a_guess_from_the_address_is_called_one() -> None:
    assert coarse_location(113, 23, 25_000, "wgs84").source == "ip"
    assert coarse_location(113, 23, 60, "wgs84").source == "network"
