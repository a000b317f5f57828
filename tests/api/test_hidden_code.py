import re

import httpx
import pytest
from sqlalchemy import text

from api.consumer.hidden_code import LIMITS
from codes.hidden_codes import HiddenCodes
from store.schema import metadata
from store.transactions import reading
from tests.api.test_printed_address import kept_scans
from tests.api.world import GTIN, RETIRED_SIGNER, World, code_for

HIDDEN = HiddenCodes(b"m" * 32)
RIGHT = HIDDEN.code(GTIN, "A1")
WRONG = "000000"
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _secret_at_hand(world: World) -> None:
    world.hidden_codes = HIDDEN


async def visit(client: httpx.AsyncClient, serial: str = "A1") -> str:
    """Read a code; the address of the visit's page."""
    return str((await client.get(code_for(serial))).headers["location"])


async def give(client: httpx.AsyncClient, page: str, code: str) -> httpx.Response:
    return await client.post(f"{page}/hidden-code", data={"code": code}, headers=JSON)


async def test_the_page_asks_for_the_code_by_a_plain_form(client: httpx.AsyncClient) -> None:
    page = await visit(client)
    text_ = (await client.get(page)).text
    assert f'<form method="post" action="{page}/hidden-code">' in text_
    assert "The hidden code was first used" not in text_
    zh = (await client.get(page, headers={"Accept-Language": "zh-CN"})).text
    assert "查验涂层下的隐藏码" in zh


async def test_the_first_use_proves_possession_and_the_second_says_when_that_was(
    world: World, client: httpx.AsyncClient
) -> None:
    first = await give(client, await visit(client), f" {RIGHT.lower()} ")
    assert first.json() == {
        "outcome": "first", "first_used_at": world.clock().isoformat(), "tries_left": None,
    }
    used_at = world.clock().isoformat()
    world.clock.pass_time(days=3)
    async with world.client() as another:
        page = await visit(another)
        assert "The hidden code was first used on 2026-05-04 08:30 UTC." in (
            await another.get(page)
        ).text
        second = await give(another, page, RIGHT)
    assert second.json()["outcome"] == "reused"
    assert second.json()["first_used_at"] == used_at


async def test_a_retry_of_the_same_visit_is_no_second_use(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    outcomes = [(await give(client, page, RIGHT)).json()["outcome"] for _ in range(3)]
    assert outcomes == ["first", "again", "again"]
    assert [scan.hidden_code for scan in kept_scans(world)] == [None, "matched"]


async def test_each_use_is_an_event_and_a_wrong_try_is_none(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    await give(client, page, WRONG)
    await give(client, page, RIGHT)
    async with world.client() as another:
        await give(another, await visit(another), RIGHT)
    used = [scan for scan in kept_scans(world) if scan.hidden_code == "matched"]
    assert len(used) == len({scan.session for scan in used}) == 2


async def test_wrong_tries_close_an_item_for_good_even_for_the_right_code(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    left = []
    for _ in range(LIMITS.item):
        answer = await give(client, page, WRONG)
        assert answer.status_code == 422
        left.append(answer.json()["tries_left"])
    assert left == list(range(LIMITS.item - 1, -1, -1))
    world.clock.pass_time(days=400)
    async with world.client() as another:
        answer = await give(another, await visit(another), RIGHT)
    assert (answer.status_code, answer.json()["outcome"]) == (429, "closed")


async def test_a_source_waits_an_hour_after_its_wrong_tries_whatever_the_item(
    world: World, client: httpx.AsyncClient
) -> None:
    for index in range(LIMITS.source):
        await give(client, await visit(client, f"S{index}"), WRONG)
    answer = await give(client, await visit(client), RIGHT)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    assert answer.json()["outcome"] == "limited"
    world.clock.pass_time(hours=1)
    assert (await give(client, await visit(client), RIGHT)).json()["outcome"] == "first"


async def test_only_the_browser_that_read_the_code_may_give_it(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    async with world.client() as another:
        assert "hidden-code" not in (await another.get(page)).text
        answer = await give(another, page, RIGHT)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/visit-closed")


async def test_nothing_of_the_code_the_item_or_the_address_is_stored(
    world: World, client: httpx.AsyncClient
) -> None:
    await give(client, await visit(client), RIGHT)
    await give(client, await visit(client), WRONG)
    with reading(world.engine) as connection:
        tables = {
            name: "".join(str(row) for row in connection.execute(text(f"SELECT * FROM {name}")))
            for name in ("hidden_code_items", "hidden_code_sources", "outbox")
        }
    assert all(tables.values())
    assert RIGHT not in "".join(tables.values())
    assert "127.0.0.1" not in "".join(tables.values())
    assert GTIN not in tables["hidden_code_items"]
    assert GTIN not in tables["hidden_code_sources"]


@pytest.mark.parametrize(("code", "type_"), [("", "form-invalid"), ("x" * 41, "form-invalid")])
async def test_what_is_no_code_is_refused_and_no_try(
    client: httpx.AsyncClient, code: str, type_: str
) -> None:
    page = await visit(client)
    answer = await give(client, page, code)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{type_}")
    assert (await give(client, page, WRONG)).json()["tries_left"] == LIMITS.item - 1


async def test_a_code_that_is_not_validly_signed_has_no_hidden_code(
    world: World, client: httpx.AsyncClient
) -> None:
    revoked = await client.get(code_for("A1", signer=RETIRED_SIGNER))
    page = revoked.headers["location"]
    assert "hidden-code" not in (await client.get(page)).text
    assert (await give(client, page, RIGHT)).status_code == 404
    world.hidden_codes = None
    page = await visit(client)
    assert "hidden-code" not in (await client.get(page)).text
    assert (await give(client, page, RIGHT)).status_code == 404


async def test_without_the_database_the_page_says_so(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    metadata.drop_all(world.engine)
    assert (await give(client, page, RIGHT)).status_code == 503


async def test_the_answer_is_a_page_in_both_languages(client: httpx.AsyncClient) -> None:
    page = await visit(client)
    answer = await client.post(f"{page}/hidden-code", data={"code": RIGHT})
    assert re.search(r'class="verdict ok".*first use', answer.text, re.DOTALL)
    zh = await client.post(
        f"{page}/hidden-code", data={"code": WRONG}, headers={"Accept-Language": "zh"}
    )
    assert zh.status_code == 422
    assert "还可尝试 9 次" in zh.text
