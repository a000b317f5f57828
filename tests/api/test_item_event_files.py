from collections.abc import AsyncIterator

import httpx
import pytest

from events.model import ItemEvent
from events.wire import decode_event
from tests.api.epcis import store_published
from tests.api.world import World

FILES = "/v1/item-event-files"
ITEM = "https://id.gs1.org/01/09506000134352/21/A1"
CSV = {"Content-Type": "text/csv"}
GOOD = f"2026-03-02 18:00,入库,{ITEM},9506000000015,Orchid Trading"


@pytest.fixture
async def partner(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may send item events."""
    async with world.client(**world.key("item-events")) as client:
        yield client


def table(*rows: str) -> bytes:
    return "\n".join(["时间,业务,编码,发货方,收货方", *rows]).encode()


async def test_a_table_is_taken_whole_and_a_second_time_changes_nothing(
    world: World, partner: httpx.AsyncClient
) -> None:
    content = table(GOOD, f"2026-03-03 09:00,销售,{ITEM},,", GOOD)
    answer = await partner.post(FILES, content=content, params={"zone": "+08:00"}, headers=CSV)
    assert (answer.status_code, answer.json()) == (202, {"rows": 3, "events": 2, "errors": []})
    store_published(world)
    again = await partner.post(f"{FILES}?zone=Asia/Shanghai", content=content, headers=CSV)
    assert again.status_code == 202
    ids = [decode_event(raw).event_id for _, _, raw in world.publisher.published]
    assert len(ids) == 4
    assert len(set(ids)) == 2
    event = decode_event(world.publisher.published[0][2])
    assert isinstance(event, ItemEvent)
    assert event.event["destinationList"][0]["destination"].endswith("9506000100067")


async def test_bad_rows_are_named_and_nothing_is_taken_unless_told_to_proceed(
    world: World, partner: httpx.AsyncClient
) -> None:
    content = table(GOOD, f"2026-03-03 09:00,飞走,{ITEM},,", f"2027-03-03 09:00,销售,{ITEM},,")
    answer = await partner.post(f"{FILES}?zone=%2B08:00", content=content, headers=CSV)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "/problems/row-invalid")
    assert [(error["row"], error["column"]) for error in problem["errors"]] == [
        ("3", "业务"),
        ("4", "时间"),
    ]
    assert world.publisher.published == []
    params = {"zone": "+08:00", "proceed": "true"}
    answer = await partner.post(FILES, content=content, params=params, headers=CSV)
    assert (answer.status_code, answer.json()["events"]) == (202, 1)
    assert len(answer.json()["errors"]) == 2


@pytest.mark.parametrize(
    ("content", "query", "headers", "status", "type_"),
    [
        (b"", "", CSV, 422, "table-invalid"),
        (b"a,b\n1,2", "", CSV, 422, "table-invalid"),
        (table(GOOD), "zone=Mars", CSV, 422, "query-invalid"),
        (table(GOOD), "", {"Content-Type": "application/json"}, 415, "content-type-unsupported"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused(
    partner: httpx.AsyncClient,
    content: bytes,
    query: str,
    headers: dict[str, str],
    status: int,
    type_: str,
) -> None:
    answer = await partner.post(f"{FILES}?{query}", content=content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{type_}")


async def test_nothing_is_taken_while_the_bus_is_down(
    world: World, partner: httpx.AsyncClient
) -> None:
    world.publisher.down = True
    answer = await partner.post(f"{FILES}?zone=UTC", content=table(GOOD), headers=CSV)
    assert answer.status_code == 503


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
async def test_a_template_can_be_sent_back_as_it_is(
    partner: httpx.AsyncClient, format_: str
) -> None:
    given = await partner.get(f"{FILES}/template?format={format_}&language=en")
    headers = {"Content-Type": given.headers["Content-Type"]}
    answer = await partner.post(f"{FILES}?zone=UTC", content=given.content, headers=headers)
    assert (answer.status_code, answer.json()["events"]) == (202, 1)
