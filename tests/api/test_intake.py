import json
from typing import Any

import httpx
import pytest

from events.model import ItemEvent, Scan
from events.wire import decode_event
from registry import Registry, RegistryRows
from registry.model import Territory
from tests.api.world import GTIN, NOW, World, code_for, square

PLACE = {"lon": 113.1, "lat": 23.1, "accuracy_m": 1}
ITEM = f"https://id.gs1.org/01/{GTIN}/21/A1"
EPCIS: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:524e9d0e-ec93-41d9-acec-784595b26f4a",
    "eventTime": "2026-05-04T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "bizStep": "shipping",
    "epcList": [ITEM],
}
GOOD: dict[str, dict[str, Any]] = {
    "scans": {
        "event_id": "s1",
        "scanned_at": "2026-05-04T08:29:00Z",
        "uri": "https://id.brand.example" + code_for("A1"),
        "reader": "dealer",
        "reader_id": "R1",
        "location": {"lon": 113.1, "lat": 23.1, "accuracy_m": 12},
    },
    "positions": {
        "event_id": "p1",
        "tracker_id": "T1",
        "fixed_at": "2026-05-04T16:29:00+08:00",
        "lon": 113.1,
        "lat": 23.1,
        "accuracy_m": 5,
        "temperature_c": -18.5,
    },
    "item-events": {"event_id": EPCIS["eventID"], "event": EPCIS},
    "orders": {
        "event_id": "o1",
        "order_id": "O-1",
        "dealer_id": "D1",
        "gtin": GTIN,
        "quantity": 5,
        "ordered_at": "2026-05-04T08:00:00Z",
    },
    "offers": {
        "event_id": "f1",
        "seen_at": "2026-05-04T08:00:00Z",
        "gtin": GTIN,
        "seller": "shop-1",
        "amount": "12.50",
        "currency": "CNY",
    },
}
TIMES = {
    "scans": "scanned_at",
    "positions": "fixed_at",
    "orders": "ordered_at",
    "offers": "seen_at",
}
KEYS = {"scans": ITEM, "positions": "T1", "item-events": ITEM, "orders": GTIN, "offers": GTIN}


async def post(client: httpx.AsyncClient, world: World, name: str, body: Any) -> httpx.Response:
    return await client.post(f"/v1/{name}", json=body, headers=world.key(name))


def refused(world: World, answer: httpx.Response, status: int, type_: str) -> dict[str, Any]:
    """The problem; and nothing of the batch was published."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"/problems/{type_}"), problem
    assert problem["status"] == status
    assert world.publisher.published == []
    return problem


@pytest.mark.parametrize("name", GOOD)
async def test_a_batch_is_answered_once_the_bus_has_it(
    world: World, client: httpx.AsyncClient, name: str
) -> None:
    kind = {"scans": "scan", "item-events": "item_event"}.get(name, name.rstrip("s"))
    second = {**GOOD[name], "kind": kind}
    answer = await post(client, world, name, [GOOD[name], second])
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    topics = {(topic, key) for topic, key, _ in world.publisher.published}
    assert topics == {(name, KEYS[name])}
    for _, _, raw in world.publisher.published:
        assert decode_event(raw).received_at == NOW
    answer = await post(client, world, name, {"events": [GOOD[name]]})
    assert answer.json() == {"accepted": 1}
    assert (await post(client, world, name, [])).json() == {"accepted": 0}


@pytest.mark.parametrize("name", GOOD)
async def test_a_bus_that_does_not_answer_is_said(
    world: World, client: httpx.AsyncClient, name: str
) -> None:
    world.publisher.down = True
    answer = await post(client, world, name, [GOOD[name]])
    refused(world, answer, 503, "bus-unavailable")
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize("name", GOOD)
async def test_one_bad_event_names_itself_and_stops_the_batch(
    world: World, client: httpx.AsyncClient, name: str
) -> None:
    bad = {**GOOD[name], "colour": "red"}
    answer = await post(client, world, name, [GOOD[name], GOOD[name], bad])
    problem = refused(world, answer, 422, "field-unknown")
    assert (problem["item"], problem["field"]) == (2, "colour")


@pytest.mark.parametrize("name", GOOD)
async def test_the_service_alone_says_when_it_received(
    world: World, client: httpx.AsyncClient, name: str
) -> None:
    bad = {**GOOD[name], "received_at": "2026-05-04T08:30:00Z"}
    problem = refused(world, await post(client, world, name, [bad]), 422, "event-invalid")
    assert problem["field"] == "received_at"


@pytest.mark.parametrize("name", TIMES)
async def test_a_clock_may_be_five_minutes_ahead_and_no_more(
    world: World, client: httpx.AsyncClient, name: str
) -> None:
    ahead = {**GOOD[name], TIMES[name]: "2026-05-04T08:35:00.001Z"}
    problem = refused(world, await post(client, world, name, [ahead]), 422, "event-from-future")
    assert (problem["item"], problem["field"]) == (0, TIMES[name])
    ahead[TIMES[name]] = "2026-05-04T08:35:00Z"
    assert (await post(client, world, name, [ahead])).status_code == 202


async def test_an_epcis_event_may_not_be_from_the_future_either(
    world: World, client: httpx.AsyncClient
) -> None:
    event = {**EPCIS, "eventTime": "2026-05-04T17:00:00+08:00"}
    answer = await post(client, world, "item-events", [{"event": event}])
    problem = refused(world, answer, 422, "event-from-future")
    assert problem["field"] == "event.eventTime"


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("positions", {"lat": 113.1, "lon": 23.1}, "lat"),
        ("positions", {"lon": 180.1}, "lon"),
        ("positions", {"lon": True}, "lon"),
        ("positions", {"lon": "113.1"}, "lon"),
        ("positions", {"accuracy_m": -1}, "accuracy_m"),
        ("positions", {"crs": "wgs-84"}, "crs"),
        ("positions", {"fixed_at": "2026-05-04T08:00:00"}, "fixed_at"),
        ("positions", {"fixed_at": 1777883400}, "fixed_at"),
        ("positions", {"tracker_id": ""}, "tracker_id"),
        ("positions", {"tracker_id": "a\x00b"}, "tracker_id"),
        ("positions", {"event_id": None}, "event_id"),
        ("positions", {"kind": "scan"}, "kind"),
        ("scans", {"location": {"lon": 23.1, "lat": 113.1, "accuracy_m": 1}}, "location.lat"),
        ("scans", {"location": {**PLACE, "level": 0.9}}, "location"),
        ("scans", {"location": {**PLACE, "lon": 0, "lat": 0}}, "location"),
        ("scans", {"reader": "thief"}, "reader"),
        ("scans", {"gtin": "09506000134369"}, "gtin"),
        ("scans", {"serial": "B2"}, "serial"),
        ("orders", {"gtin": "09506000134353"}, "gtin"),
        ("orders", {"quantity": -1}, "quantity"),
        ("orders", {"quantity": 1.5}, "quantity"),
        ("orders", {"ship_to_gln": "123"}, "ship_to_gln"),
        ("offers", {"amount": 12.5}, "amount"),
        ("offers", {"amount": "1e3"}, "amount"),
        ("offers", {"currency": "yuan"}, "currency"),
        ("offers", {"gtin": "x"}, "gtin"),
        ("item-events", {"event_id": "another"}, "event_id"),
        ("item-events", {"event": {**EPCIS, "type": "Party"}}, "event.type"),
        ("item-events", {"event": {**EPCIS, "epcList": "x"}}, "event.epcList"),
        ("item-events", {"event": {**EPCIS, "epcList": [ITEM[:-5]]}}, None),
        ("item-events", {"event": {**EPCIS, "eventTime": "yesterday"}}, "event.eventTime"),
        ("item-events", {"event": []}, "event"),
    ],
)
async def test_a_value_that_cannot_be_is_named(
    world: World, client: httpx.AsyncClient, name: str, change: dict[str, Any], field: str | None
) -> None:
    answer = await post(client, world, name, [{**GOOD[name], **change}])
    problem = refused(world, answer, 422, "event-invalid")
    assert problem["item"] == 0
    if field is not None:
        assert problem["field"] == field


async def test_an_unknown_member_of_a_location_is_named(
    world: World, client: httpx.AsyncClient
) -> None:
    place = {"lon": 1, "lat": 1, "accuracy_m": 1, "floor": 3}
    answer = await post(client, world, "scans", [{**GOOD["scans"], "location": place}])
    assert refused(world, answer, 422, "field-unknown")["field"] == "location.floor"


async def test_a_missing_member_is_named(world: World, client: httpx.AsyncClient) -> None:
    short = {key: value for key, value in GOOD["positions"].items() if key != "lon"}
    problem = refused(world, await post(client, world, "positions", [short]), 422, "event-invalid")
    assert problem["field"] == "lon"


async def test_places_near_a_pole_that_fit_turned_round_are_called_swapped(
    world: World, client: httpx.AsyncClient
) -> None:
    arctic = {**GOOD["positions"], "lon": 25, "lat": 80}
    assert (await post(client, world, "positions", [arctic])).status_code == 202
    world.publisher.published.clear()
    plains = Territory(territory_id="P3", name="Plains", version=1, geometry=square(76, 20, 88, 30))
    world.registry = Registry(RegistryRows(territories=(plains,)))
    answer = await post(client, world, "positions", [arctic])
    assert refused(world, answer, 422, "location-swapped")["field"] == "lon"
    arctic_scan = {**GOOD["scans"], "location": {"lon": 25, "lat": 80, "accuracy_m": 1}}
    answer = await post(client, world, "scans", [arctic_scan])
    assert refused(world, answer, 422, "location-swapped")["field"] == "location.lon"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "no code",
        "https://id.brand.example/",
        "https://id.brand.example/01/09506000134353/21/A1",
        "ftp://id.brand.example/01/09506000134352/21/A1",
        7,
        None,
    ],
)
async def test_a_malformed_code_is_named(
    world: World, client: httpx.AsyncClient, uri: Any
) -> None:
    answer = await post(client, world, "scans", [{**GOOD["scans"], "uri": uri}])
    assert answer.status_code == 422
    assert (answer.json()["item"], answer.json()["field"]) == (0, "uri")
    assert world.publisher.published == []


async def test_what_a_code_proves_is_judged_here_whatever_the_sender_says(
    world: World, client: httpx.AsyncClient
) -> None:
    world.issued["A1"] = True
    forged = GOOD["scans"]["uri"].replace("/21/A1", "/21/A2")
    batch = [
        {**GOOD["scans"], "signature": "invalid", "issued": False, "gtin": GTIN, "serial": "A1"},
        {**GOOD["scans"], "uri": forged, "signature": "valid"},
        {**GOOD["scans"], "uri": "https://x.example/00/095060001343521236"},
    ]
    assert (await post(client, world, "scans", batch)).status_code == 202
    events = [decode_event(raw) for _, _, raw in world.publisher.published]
    scans = [event for event in events if isinstance(event, Scan)]
    assert [scan.signature for scan in scans] == ["valid", "invalid", "absent"]
    assert [scan.issued for scan in scans] == [True, None, None]
    assert [scan.serial for scan in scans] == ["A1", "A2", None]


async def test_an_epcis_event_without_an_id_is_named_by_its_content(
    world: World, client: httpx.AsyncClient
) -> None:
    nameless = {key: value for key, value in EPCIS.items() if key != "eventID"}
    turned = dict(reversed(nameless.items()))
    await post(client, world, "item-events", [{"event": nameless}, turned])
    ids = {decode_event(raw).event_id for _, _, raw in world.publisher.published}
    assert len(ids) == 1
    (event_id,) = ids
    assert event_id.startswith("ni:///sha-256;")
    assert event_id.endswith("?ver=CBV2.0")


async def test_an_epcis_event_is_kept_as_its_sender_wrote_it(
    world: World, client: httpx.AsyncClient
) -> None:
    own = {**EPCIS, "example:colour": {"a": [1, 2.5, None]}}
    await post(client, world, "item-events", [own])
    event = decode_event(world.publisher.published[0][2])
    assert isinstance(event, ItemEvent)
    assert event.event == own
    assert event.event_id == EPCIS["eventID"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'[{"lon":NaN}]',
        b'[{"lon":Infinity}]',
        b'[{"lon":1e999}]',
        b"\xff\xfe",
        b"[" * 200_000,
        b"[] []",
    ],
)
async def test_what_is_no_json_is_refused(
    world: World, client: httpx.AsyncClient, body: bytes
) -> None:
    headers = {**world.key("positions"), "Content-Type": "application/json"}
    answer = await client.post("/v1/positions", content=body, headers=headers)
    refused(world, answer, 400, "json-invalid")


@pytest.mark.parametrize("body", [{}, {"events": {}}, 7, "x", None])
async def test_json_that_is_no_batch_is_refused(
    world: World, client: httpx.AsyncClient, body: Any
) -> None:
    headers = {**world.key("positions"), "Content-Type": "application/json"}
    answer = await client.post("/v1/positions", content=json.dumps(body), headers=headers)
    assert refused(world, answer, 422, "event-invalid")["field"] == "events"


async def test_a_batch_has_no_other_members(world: World, client: httpx.AsyncClient) -> None:
    answer = await post(client, world, "positions", {"events": [], "v": 1})
    assert refused(world, answer, 422, "field-unknown")["field"] == "v"


@pytest.mark.parametrize("item", [7, "x", None, []])
async def test_what_is_no_event_is_named_by_its_place(
    world: World, client: httpx.AsyncClient, item: Any
) -> None:
    for name in GOOD:
        answer = await post(client, world, name, [GOOD[name], item])
        assert refused(world, answer, 422, "event-invalid")["item"] == 1


async def test_too_many_events_are_refused(world: World, client: httpx.AsyncClient) -> None:
    answer = await post(client, world, "positions", [GOOD["positions"]] * 5001)
    refused(world, answer, 413, "batch-too-large")
    answer = await post(client, world, "positions", [GOOD["positions"]] * 5000)
    assert answer.json() == {"accepted": 5000}


@pytest.mark.parametrize("declared", [True, False])
async def test_too_large_a_body_is_refused(
    world: World, client: httpx.AsyncClient, declared: bool
) -> None:
    body = json.dumps([GOOD["positions"]]).encode() + b" " * (5 * 1024 * 1024)

    async def stream() -> Any:
        yield body

    headers = {**world.key("positions"), "Content-Type": "application/json"}
    content = body if declared else stream()
    answer = await client.post("/v1/positions", content=content, headers=headers)
    refused(world, answer, 413, "body-too-large")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "", "application/xml", "application/json; charset=utf-16"]
)
async def test_other_content_types_are_refused(
    world: World, client: httpx.AsyncClient, content_type: str
) -> None:
    headers = {**world.key("positions"), "Content-Type": content_type}
    answer = await client.post("/v1/positions", content=b"[]", headers=headers)
    refused(world, answer, 415, "content-type-unsupported")


async def test_json_with_its_charset_is_taken(world: World, client: httpx.AsyncClient) -> None:
    headers = {**world.key("positions"), "Content-Type": "Application/JSON; charset=UTF-8"}
    answer = await client.post("/v1/positions", content=b"[]", headers=headers)
    assert answer.status_code == 202


async def test_other_methods_and_addresses_are_problems_too(
    world: World, client: httpx.AsyncClient
) -> None:
    wrong_method = await client.get("/v1/positions", headers=world.key("positions"))
    problem = refused(world, wrong_method, 405, "method-not-allowed")
    assert problem["title"] == "The address does not take this method"
    assert "POST" in wrong_method.headers["allow"]
    refused(world, await client.post("/v1/nothing", json=[]), 404, "not-found")
