from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest

from custody.epcis.schema import document_violations, event_violations
from tests.api.epcis import captured
from tests.api.world import World
from tests.custody.epcis.documents import EVERY_TYPE, EXTENSION, ITEM, document, event, packed, seen

LINK = "https://id.gs1.org/01/04012345111118/21/9876"
CASE_LINK = "https://id.gs1.org/00/040123450000003338"
SITE = "https://id.gs1.org/414/4012345000115"
EVENTS = (
    seen(eventID="urn:uuid:0", action="ADD", bizStep="commissioning", disposition="active"),
    packed(eventID="urn:uuid:1", eventTime="2020-04-02T00:00:00Z"),
    seen(
        eventID="urn:uuid:2",
        eventTime="2020-04-03T00:00:00Z",
        bizStep="shipping",
        epcList=["urn:epc:id:sscc:4012345.0000000333"],
        bizLocation={"id": "urn:epc:id:sgln:4012345.00011.0"},
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}],
        bizTransactionList=[
            {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:PO1"}
        ],
    ),
    seen(
        eventID="urn:uuid:3",
        eventTime="2020-04-04T00:00:00Z",
        bizStep="receiving",
        epcList=["urn:epc:id:sscc:4012345.0000000333"],
        readPoint={"id": SITE},
    ),
    event(
        "TransformationEvent",
        eventID="urn:uuid:4",
        eventTime="2020-04-05T00:00:00Z",
        inputEPCList=[ITEM],
        outputQuantityList=[
            {"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 2}
        ],
    ),
    seen(
        eventID="urn:uuid:5",
        eventTime="2020-04-06T00:00:00Z",
        epcList=["https://private.example/7"],
        persistentDisposition={"set": ["completeness_verified"]},
    ),
)


@pytest.fixture
async def epcis(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a store that has the events."""
    async with world.client(**world.key("epcis", "read")) as client:
        assert (await captured(world, client, document(*EVENTS))).status_code == 202
        yield client


def found(answer: httpx.Response) -> list[int]:
    """Numbers of the events in an answer."""
    assert answer.status_code == 200, answer.text
    events = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return [int(event["eventID"].rsplit(":", 1)[1]) for event in events]


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"eventType": "ObjectEvent"}, [0, 2, 3, 5]),
        ({"eventType": "AggregationEvent|TransformationEvent"}, [1, 4]),
        ({"EQ_bizStep": "shipping,receiving"}, [2, 3]),
        ({"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"}, [2]),
        ({"EQ_disposition": "active"}, [0]),
        ({"EQ_action": "ADD"}, [0, 1]),
        ({"EQ_eventID": "urn:uuid:3"}, [3]),
        ({"EQ_bizLocation": SITE}, [2]),
        ({"EQ_readPoint": "urn:epc:id:sgln:4012345.00011.0"}, [3]),
        ({"MATCH_epc": ITEM}, [0, 1]),
        ({"MATCH_epc": LINK}, [0, 1]),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:4012345.011111.*"}, [0, 1]),
        ({"MATCH_anyEPC": LINK}, [0, 1, 4]),
        ({"MATCH_inputEPC": LINK}, [4]),
        ({"MATCH_outputEPC": LINK}, []),
        ({"MATCH_parentID": CASE_LINK}, [1]),
        ({"MATCH_anyEPC": f"{CASE_LINK}|https://private.example/7"}, [1, 2, 3, 5]),
        ({"MATCH_outputEPCClass": "urn:epc:class:lgtin:4012345.012345.998877"}, [4]),
        ({"MATCH_inputEPCClass": "urn:epc:class:lgtin:4012345.012345.998877"}, []),
        ({"GE_eventTime": "2020-04-03T00:00:00Z", "LT_eventTime": "2020-04-05T00:00:00Z"}, [2, 3]),
        ({"GE_recordTime": "2030-01-01T00:00:00Z"}, []),
        ({"LT_recordTime": "2030-01-01T00:00:00+08:00"}, [0, 1, 2, 3, 4, 5]),
        ({"EQ_source_owning_party": "https://id.gs1.org/417/4012345002256"}, [2]),
        ({"EQ_bizTransaction_po": "urn:epcglobal:cbv:bt:4012345000009:PO1"}, [2]),
        ({"EQ_setPersistentDisposition": "completeness_verified"}, [5]),
        ({"EXISTS_errorDeclaration": "true"}, []),
        ({"EQ_bizStep": "receiving", "MATCH_epc": LINK}, []),
    ],
)
async def test_a_query_finds_what_it_asks_for(
    epcis: httpx.AsyncClient, parameters: dict[str, str], numbers: list[int]
) -> None:
    order = {"orderBy": "eventTime", "orderDirection": "ASC"}
    assert found(await epcis.get("/epcis/events", params={**parameters, **order})) == numbers


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"EQ_colour": "red"}, "EQ_colour"),
        ({"eventType": "Nonsense"}, "eventType"),
        ({"EQ_action": "MOVE"}, "EQ_action"),
        ({"MATCH_epc": "https://id.gs1.org/01/1/21/A"}, "MATCH_epc"),
        ({"GE_eventTime": "yesterday"}, "GE_eventTime"),
        ({"perPage": "0"}, "perPage"),
        ({"perPage": "many"}, "perPage"),
        ({"orderBy": "colour"}, "orderBy"),
        ({"orderDirection": "UP"}, "orderDirection"),
        ({"nextPageToken": "x"}, "nextPageToken"),
        ({"MATCH_epc": "|".join(["urn:a:b"] * 101)}, "MATCH_epc"),
    ],
)
async def test_a_parameter_that_is_wrong_is_named(
    epcis: httpx.AsyncClient, parameters: dict[str, str], field: str
) -> None:
    answer = await epcis.get("/epcis/events", params=parameters)
    assert answer.status_code == 400
    assert answer.json()["type"] == "epcisException:QueryParameterException"
    assert answer.json()["field"] == field


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize("more", [{}, {"EQ_setPersistentDisposition": "completeness_verified"}])
async def test_pages_hold_every_event_once(
    epcis: httpx.AsyncClient, order: str, more: dict[str, str]
) -> None:
    parameters = {"perPage": "2", "orderBy": "eventTime", "orderDirection": order, **more}
    answer = await epcis.get("/epcis/events", params=parameters)
    numbers = found(answer)
    while "next" in answer.links:
        answer = await epcis.get(answer.links["next"]["url"])
        numbers += found(answer)
    expected = [5] if more else [0, 1, 2, 3, 4, 5]
    assert numbers == (expected if order == "ASC" else expected[::-1])


async def test_a_limit_ends_the_answer_without_a_next_page(epcis: httpx.AsyncClient) -> None:
    answer = await epcis.get("/epcis/events", params={"eventCountLimit": "2", "perPage": "5"})
    assert len(found(answer)) == 2
    assert "Link" not in answer.headers


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        (f"epcs/{quote(LINK, safe='')}", [0, 1, 4]),
        (f"epcs/{ITEM}", [0, 1, 4]),
        ("bizSteps/shipping", [2]),
        ("dispositions/active", [0]),
        ("eventTypes/TransformationEvent", [4]),
        (f"readPoints/{quote(SITE, safe='')}", [3]),
        (f"bizLocations/{quote(SITE, safe='')}", [2]),
    ],
)
async def test_events_of_a_resource(
    epcis: httpx.AsyncClient, path: str, numbers: list[int]
) -> None:
    assert sorted(found(await epcis.get(f"/epcis/{path}/events"))) == numbers
    assert (await epcis.get(f"/epcis/{path}/events?perPage=1")).status_code == 200


async def test_an_event_is_found_by_its_id(epcis: httpx.AsyncClient) -> None:
    event = (await epcis.get("/epcis/events/urn:uuid:3")).json()
    assert (event["bizStep"], event["recordTime"]) == ("receiving", "2026-05-04T08:30:00.000Z")
    assert (await epcis.get("/epcis/events/urn:uuid:9")).status_code == 404
    assert (await epcis.get("/epcis/colours/red/events")).status_code == 404


async def test_a_hash_is_found_with_and_without_its_question_mark_encoded(
    world: World, epcis: httpx.AsyncClient
) -> None:
    await captured(world, epcis, document(seen()))
    newest = (await epcis.get("/epcis/events?perPage=9")).json()
    ids = [e["eventID"] for e in newest["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]
    (hashed,) = (one for one in ids if one.startswith("ni:"))
    for path in (quote(hashed, safe=""), hashed):
        assert (await epcis.get(f"/epcis/events/{path}")).json()["eventID"] == hashed


async def test_an_answer_is_valid_by_gs1s_schema_and_keeps_the_senders_contexts(
    world: World, epcis: httpx.AsyncClient
) -> None:
    await captured(world, epcis, document(*EVERY_TYPE, contexts=(EXTENSION,)))
    answer = (await epcis.get("/epcis/events", params={"perPage": "50"})).json()
    assert document_violations(answer) == []
    events = answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert len(events) == len(EVENTS) + len(EVERY_TYPE)
    assert [event_violations(event) for event in events] == [[]] * len(events)
    extended = [event for event in events if "example:colour" in event]
    assert extended
    assert all(event["@context"] == [EXTENSION] for event in extended)
