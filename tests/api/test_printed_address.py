from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import select

from events.model import Scan
from events.wire import decode_event
from store.schema import metadata
from store.schema.outbox import outbox
from store.transactions import reading
from tests.api.world import GTIN, World, code_for


def kept_scans(world: World) -> list[Scan]:
    with reading(world.engine) as connection:
        raws = connection.execute(select(outbox.c.raw).order_by(outbox.c.written_us)).scalars()
        scans = [decode_event(raw) for raw in raws]
    return [scan for scan in scans if isinstance(scan, Scan)]


async def test_a_printed_address_redirects_to_a_page_of_this_visit(
    world: World, client: httpx.AsyncClient
) -> None:
    answer = await client.get(code_for("A1"))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/v/")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_reading_is_one_scan_that_says_what_was_judged(
    world: World, client: httpx.AsyncClient
) -> None:
    world.issued["A1"] = True
    await client.get(code_for("A1"))
    (scan,) = kept_scans(world)
    assert scan.uri == f"{world.public_url}{code_for('A1')}"
    assert (scan.gtin, scan.serial, scan.signature) == (GTIN, "A1", "valid")
    assert (scan.issued, scan.reader, scan.location) == (True, "consumer", None)
    assert scan.session
    assert scan.scanned_at == scan.received_at == world.clock()


async def test_reload_back_and_a_forwarded_visit_are_no_new_scans(
    world: World, client: httpx.AsyncClient
) -> None:
    page = (await client.get(code_for("A1"))).headers["location"]
    for _ in range(3):
        assert (await client.get(page)).status_code == 200
    async with world.client() as somebody_else:
        assert (await somebody_else.get(page)).status_code == 200
    assert len(kept_scans(world)) == 1


async def test_reading_again_soon_is_the_same_visit_and_later_a_new_one(
    world: World, client: httpx.AsyncClient
) -> None:
    await client.get(code_for("A1"))
    world.clock.pass_time(minutes=10)
    await client.get(code_for("A1"))
    assert len(kept_scans(world)) == 1
    world.clock.pass_time(minutes=25)
    await client.get(code_for("A1"))
    assert len(kept_scans(world)) == 2


async def test_keys_that_a_messenger_adds_make_no_other_visit(
    world: World, client: httpx.AsyncClient
) -> None:
    await client.get(code_for("A1"))
    await client.get(code_for("A1") + "&from=singlemessage&isappinstalled=0")
    assert len(kept_scans(world)) == 1


async def test_two_browsers_and_two_codes_are_visits_of_their_own(
    world: World, client: httpx.AsyncClient
) -> None:
    await client.get(code_for("A1"))
    await client.get(code_for("B2"))
    async with world.client() as another:
        await another.get(code_for("A1"))
    scans = kept_scans(world)
    assert len({scan.session for scan in scans}) == 3


async def test_a_session_does_not_link_a_browser_between_codes(
    world: World, client: httpx.AsyncClient
) -> None:
    await client.get(code_for("A1"))
    await client.get(code_for("B2"))
    browser_pass = client.cookies["tw_pass"]
    for scan in kept_scans(world):
        assert scan.session is not None
        assert scan.session not in browser_pass
        assert browser_pass.split(".")[0] not in scan.session


@pytest.mark.parametrize(
    "user_agent",
    [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.23.20.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (compatible; Bytespider)",
    ],
)
async def test_a_link_preview_or_crawler_sees_the_page_and_is_no_scan(
    world: World, user_agent: str
) -> None:
    async with world.client(**{"User-Agent": user_agent}) as machine:
        page = await machine.get(code_for("A1"), follow_redirects=True)
    assert page.status_code == 200
    assert kept_scans(world) == []


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36 MicroMessenger/8.0.50 WeChat/arm64",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/142.0.0.0 Safari/537.36",
        "curl/8.14.1",
        "Mozilla/5.0 (Linux; Android 12; CUBOT P80) AppleWebKit/537.36 Chrome/130.0 Mobile",
    ],
)
async def test_browsers_and_plain_tools_are_people(world: World, user_agent: str) -> None:
    async with world.client(**{"User-Agent": user_agent}) as person:
        await person.get(code_for("A1"))
    assert len(kept_scans(world)) == 1


@pytest.mark.parametrize("name", ["Sec-Purpose", "Purpose", "X-Moz"])
async def test_fetching_ahead_is_refused_so_that_the_real_reading_is_seen(
    world: World, client: httpx.AsyncClient, name: str
) -> None:
    answer = await client.get(code_for("A1"), headers={name: "prefetch;prerender"})
    assert answer.status_code == 503
    assert answer.headers["cache-control"] == "no-store"
    assert kept_scans(world) == []


async def test_head_is_no_scan(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.head(code_for("A1"))
    assert answer.status_code == 303
    assert kept_scans(world) == []


async def test_lot_and_expiry_may_stand_in_the_address(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await client.get(
        f"/01/{GTIN}/10/L%2F7/21/A%2B1?17=261231",
        headers={"Accept": "application/json"},
        follow_redirects=True,
    )
    told = page.json()
    assert (told["lot"], told["serial"], told["expires_on"]) == ("L/7", "A+1", "2026-12-31")
    (scan,) = kept_scans(world)
    assert scan.serial == "A+1"


@pytest.mark.parametrize(
    "path",
    [
        "/01/09506000134353/21/A1",
        "/01/1234/21/A1",
        f"/01/{GTIN}/21/" + "A" * 21,
        f"/01/{GTIN}/99/x/21/A1",
        f"/01/{GTIN}/21/A1?99=" + "x" * 3000,
        f"/01/{GTIN}/21/{quote('中')}",
        f"/01/{GTIN}/17/261231",
        "/00/095060001343521234",
        "/8003/1234",
    ],
)
async def test_what_is_no_valid_code_gets_a_helpful_page_and_is_no_scan(
    world: World, client: httpx.AsyncClient, path: str
) -> None:
    await assert_helpful(client, path, 400, "/problems/uri-invalid")
    assert kept_scans(world) == []


@pytest.mark.parametrize(
    "path",
    [
        "/01/09506000149301",
        "/01/09506000149301/10/L1",
        "/00/395060000010000082",
        "/414/9506000100067",
        "/",
        "/nothing",
    ],
)
async def test_what_nobody_knows_gets_a_helpful_page_and_is_no_scan(
    world: World, client: httpx.AsyncClient, path: str
) -> None:
    await assert_helpful(client, path, 404, "/problems/not-found")
    assert kept_scans(world) == []


async def assert_helpful(
    client: httpx.AsyncClient, path: str, status: int, type_: str
) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert "scan the code again" in answer.text
    answer = await client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == type_


async def test_without_the_outbox_a_scan_goes_to_the_bus_itself(
    world: World, client: httpx.AsyncClient
) -> None:
    metadata.drop_all(world.engine)
    page = await client.get(code_for("A1"), follow_redirects=True)
    assert page.status_code == 200
    assert "issued by Orchard Brand" in page.text
    ((topic, key, raw),) = world.publisher.published
    assert (topic, key) == ("scans", f"https://id.gs1.org/01/{GTIN}/21/A1")
    assert isinstance(decode_event(raw), Scan)


async def test_a_scan_that_nobody_keeps_is_said_and_not_hidden(
    world: World, client: httpx.AsyncClient
) -> None:
    metadata.drop_all(world.engine)
    world.publisher.down = True
    answer = await client.get(code_for("A1"))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "scan the code again" in answer.text


async def test_a_scan_is_kept_while_the_bus_is_down(
    world: World, client: httpx.AsyncClient
) -> None:
    world.publisher.down = True
    page = await client.get(code_for("A1"), follow_redirects=True)
    assert page.status_code == 200
    assert len(kept_scans(world)) == 1
