from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.epcis.headers import MOST_EVENTS
from events.wire import decode_event
from tests.api.epcis import CAPTURE, captured, store_published
from tests.api.world import World
from tests.custody.epcis.documents import CONTEXT, EVERY_TYPE, EXTENSION, document, packed, seen

BEHAVIOUR = "GS1-Capture-Error-Behaviour"
BAD = seen(bizStep="transforming")


@pytest.fixture
async def epcis(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key has the scope."""
    async with world.client(**world.key("epcis")) as client:
        yield client


def ids(world: World) -> list[str]:
    return [decode_event(raw).event_id for _, _, raw in world.publisher.published]


async def test_a_document_is_captured_and_its_job_tells_so(
    world: World, epcis: httpx.AsyncClient
) -> None:
    given = document(*EVERY_TYPE, contexts=(EXTENSION,))
    answer = await captured(world, epcis, given)
    assert answer.status_code == 202
    assert answer.headers["GS1-EPCIS-Version"] == "2.0.0"
    assert len(ids(world)) == len(EVERY_TYPE)
    job = (await epcis.get(answer.headers["Location"])).json()
    assert (job["running"], job["success"], job["errors"]) == (False, True, [])
    assert job["captureErrorBehaviour"] == "rollback"
    listed = (await epcis.get(CAPTURE)).json()
    assert [one["captureID"] for one in listed] == [job["captureID"]]


async def test_by_default_one_bad_event_keeps_the_whole_document_out(
    world: World, epcis: httpx.AsyncClient
) -> None:
    answer = await epcis.post(CAPTURE, json=document(seen(), BAD))
    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert problem["type"] == "epcisException:ValidationException"
    assert [error["item"] for error in problem["errors"]] == [1]
    assert problem["errors"][0]["instance"] == "#/epcisBody/eventList/1/bizStep"
    assert world.publisher.published == []
    job = (await epcis.get(answer.headers["Location"])).json()
    assert (job["success"], job["capturedEvents"]) == (False, 0)
    assert job["errors"] == problem["errors"]


async def test_told_to_proceed_it_captures_what_is_valid(
    world: World, epcis: httpx.AsyncClient
) -> None:
    given = document(BAD, seen(), packed(parentID=None), packed())
    answer = await epcis.post(CAPTURE, json=given, headers={BEHAVIOUR: "proceed"})
    assert answer.status_code == 202
    assert len(ids(world)) == 2
    job = (await epcis.get(answer.headers["Location"])).json()
    assert (job["success"], job["capturedEvents"]) == (False, 2)
    assert [(error["item"], error["field"]) for error in job["errors"]] == [
        (0, "bizStep"),
        (2, "parentID"),
    ]


async def test_nothing_is_accepted_before_the_bus_has_it(
    world: World, epcis: httpx.AsyncClient
) -> None:
    world.publisher.down = True
    answer = await epcis.post(CAPTURE, json=document(seen()))
    assert answer.status_code == 503
    assert answer.json()["type"] == "epcisException:ImplementationException"
    assert (await epcis.get(CAPTURE)).json() == []


async def test_a_double_is_harmless_by_id_and_by_hash(
    world: World, epcis: httpx.AsyncClient
) -> None:
    link = seen(epcList=["https://brand.example/01/04012345111118/21/9876"])
    first = await captured(world, epcis, document(seen(), link, seen(eventID="urn:uuid:1")))
    again = await captured(world, epcis, document(link, seen(eventID="urn:uuid:1")))
    assert [first.status_code, again.status_code] == [202, 202]
    assert len(set(ids(world))) == 2


async def test_other_content_under_an_id_is_an_error_of_that_event(
    world: World, epcis: httpx.AsyncClient
) -> None:
    one, other = seen(eventID="urn:uuid:1"), seen(eventID="urn:uuid:1", action="ADD")
    both = await captured(world, epcis, document(one, other))
    assert both.status_code == 400
    assert (await captured(world, epcis, document(one))).status_code == 202
    later = await captured(world, epcis, document(other, seen()), **{BEHAVIOUR: "proceed"})
    job = (await epcis.get(later.headers["Location"])).json()
    assert [(error["item"], error["field"]) for error in job["errors"]] == [(0, "eventID")]
    assert job["capturedEvents"] == 1


async def test_a_declared_error_is_no_double_of_what_it_corrects(
    world: World, epcis: httpx.AsyncClient
) -> None:
    wrong = seen(eventID="urn:uuid:1")
    declared = {**wrong, "errorDeclaration": {"declarationTime": "2020-04-02T00:00:00Z"}}
    answer = await captured(
        world,
        epcis,
        document(
            wrong,
            declared,
            seen(),
            {name: value for name, value in declared.items() if name != "eventID"},
        ),
    )
    assert answer.status_code == 202
    assert len(ids(world)) == 4


async def test_a_bare_event_is_captured_on_its_own(world: World, epcis: httpx.AsyncClient) -> None:
    bare = {"@context": [CONTEXT, EXTENSION], **seen(**{"example:colour": "red"})}
    answer = await epcis.post(
        "/epcis/events",
        json=bare,
        headers={"Content-Type": 'application/ld+json; profile="https://example.org"'},
    )
    assert answer.status_code == 201
    store_published(world)
    event = (await epcis.get(answer.headers["Location"])).json()
    assert event["example:colour"] == "red"
    assert event["@context"] == [CONTEXT, EXTENSION]
    refused = await epcis.post("/epcis/events", json=seen())
    assert (refused.status_code, refused.json()["field"]) == (400, "@context")


@pytest.mark.parametrize(
    ("given", "headers", "status", "exception"),
    [
        (b"{", {}, 400, "ValidationException"),
        (b"[]", {}, 400, "ValidationException"),
        (b'{"type":"EPCISDocument"}', {}, 400, "ValidationException"),
        (b"{}", {"Content-Type": "application/xml"}, 415, "UnsupportedMediaTypeException"),
        (b"{}", {"GS1-EPCIS-Version": "1.2.0"}, 406, "NotAcceptableException"),
        (b"{}", {"GS1-EPCIS-Min": "2.1"}, 406, "NotAcceptableException"),
        (b"{}", {"GS1-EPCIS-Version": "two"}, 406, "NotAcceptableException"),
        (b"{}", {"GS1-EPC-Format": "Always_EPC_URN"}, 406, "NotAcceptableException"),
        (b"{}", {"Accept": "application/xml"}, 406, "NotAcceptableException"),
        (b"{}", {BEHAVIOUR: "perhaps"}, 400, "ValidationException"),
        (b"{}", {"Authorization": "Bearer x"}, 401, "SecurityException"),
    ],
)
async def test_a_request_that_cannot_be_taken_says_so_in_the_words_of_epcis(
    epcis: httpx.AsyncClient, given: bytes, headers: dict[str, str], status: int, exception: str
) -> None:
    answer = await epcis.post(
        CAPTURE, content=given, headers={"Content-Type": "application/json", **headers}
    )
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.json()["type"] == f"epcisException:{exception}"


async def test_a_document_over_the_limit_is_refused(epcis: httpx.AsyncClient) -> None:
    answer = await epcis.post(CAPTURE, json=document(*[{}] * (MOST_EVENTS + 1)))
    assert answer.status_code == 413
    assert answer.json()["type"] == "epcisException:CaptureLimitExceededException"


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"eventTime": "2026-05-04T08:36:00Z"}, "eventTime"),
        (
            {"childEPCs": [f"https://id.gs1.org/01/04012345111118/21/{n}" for n in range(20_000)]},
            "",
        ),
    ],
)
async def test_what_only_the_service_can_tell_is_an_error_of_the_event(
    epcis: httpx.AsyncClient, members: dict[str, Any], field: str
) -> None:
    answer = await epcis.post(CAPTURE, json=document(packed(**members)))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


async def test_thousands_of_events_are_taken_at_once(
    world: World, epcis: httpx.AsyncClient
) -> None:
    many = [seen(epcList=[f"https://id.gs1.org/01/04012345111118/21/{n}"]) for n in range(3_000)]
    assert (await epcis.post(CAPTURE, json=document(*many))).status_code == 202
    assert len(ids(world)) == 3_000


async def test_a_key_sees_its_own_jobs_only_page_by_page(
    world: World, epcis: httpx.AsyncClient
) -> None:
    for _ in range(3):
        answer = await epcis.post(CAPTURE, json=document(seen()))
        world.clock.pass_time(seconds=1)
    async with world.client(**world.key("epcis")) as stranger:
        assert (await stranger.get(CAPTURE)).json() == []
        assert (await stranger.get(answer.headers["Location"])).status_code == 404
    found, url = [], f"{CAPTURE}?perPage=2"
    while url:
        page = await epcis.get(url)
        found.append(len(page.json()))
        url = page.links.get("next", {}).get("url", "")
    assert found == [2, 1]


@pytest.mark.parametrize("path", ["/epcis/capture", "/epcis/events"])
async def test_options_tell_what_is_spoken(epcis: httpx.AsyncClient, path: str) -> None:
    answer = await epcis.options(path)
    assert answer.status_code == 204
    assert answer.headers["GS1-EPCIS-Version"] == "2.0.0"
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("scopes", [("read",), ("item-events",)])
async def test_capture_needs_its_scope(world: World, scopes: tuple[str, ...]) -> None:
    async with world.client(**world.key(*scopes)) as client:
        answer = await client.post(CAPTURE, json=document(seen()))
    assert (answer.status_code, answer.json()["type"]) == (403, "epcisException:SecurityException")
