import re
from html.parser import HTMLParser

import httpx
import pytest

from codes.signing import SeedSigner
from events.model import Location, Scan
from events.wire import encode_event
from store import outbox
from tests.api.world import GTIN, NOW, RETIRED_SIGNER, SIGNER, World, code_for

STRANGER = SeedSigner("X9", bytes(range(2, 34)))
NEVER_SAID = re.compile(
    r"genuine|authentic|diver(t|sion)|grey market|orchid|dealer|正品|真品|窜货|经销商",
    re.IGNORECASE,
)


class Resources(HTMLParser):
    """Every address that a page would make the browser ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
        value = dict(attrs).get(names.get(tag, ""))
        if value:
            self.addresses.append(value)


async def page_of(client: httpx.AsyncClient, code: str, language: str = "en") -> str:
    answer = await client.get(
        code, headers={"Accept-Language": language}, follow_redirects=True
    )
    assert answer.status_code == 200
    assert len(answer.content) < 30_000
    return answer.text


async def told(client: httpx.AsyncClient, code: str) -> dict[str, object]:
    answer = await client.get(
        code, headers={"Accept": "application/json"}, follow_redirects=True
    )
    assert answer.headers["content-type"] == "application/json"
    content: dict[str, object] = answer.json()
    return content


def spoiled(code: str) -> str:
    """The code with another serial under the same signature."""
    return code.replace("/21/A1", "/21/A2")


CASES = {
    "signed": (code_for("A1"), "This code was issued by Orchard Brand", "此码由Orchard Brand签发"),
    "unsigned": (f"/01/{GTIN}/21/A1", "carries no signature", "没有签名"),
    "key-revoked": (code_for("A1", signer=RETIRED_SIGNER), "was withdrawn", "已被撤销"),
    "forged": (spoiled(code_for("A1")), "Warning", "警告"),
    "unknown-key": (code_for("A1", signer=STRANGER), "Warning", "警告"),
}


@pytest.mark.parametrize("verdict", CASES)
async def test_the_verdict_comes_first_in_the_readers_language(
    client: httpx.AsyncClient, verdict: str
) -> None:
    code, english, chinese = CASES[verdict]
    for language, expected in (("en-GB,en", english), ("zh-CN,zh;q=0.9", chinese)):
        page = await page_of(client, code, language)
        heading = re.search(r"<h1>(.*?)</h1>", page)
        assert heading is not None
        assert expected in heading[1]
        assert page.index("<h1>") < page.index("<h2>")
        assert f'<html lang="{language[:2]}">' in page
    assert (await told(client, code))["verdict"] == verdict


@pytest.mark.parametrize("verdict", CASES)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_no_page_says_more_than_is_known(
    client: httpx.AsyncClient, verdict: str, language: str
) -> None:
    page = await page_of(client, CASES[verdict][0], language)
    assert not NEVER_SAID.search(re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL))


async def test_a_page_asks_for_nothing_else(client: httpx.AsyncClient) -> None:
    resources = Resources()
    resources.feed(await page_of(client, code_for("A1")))
    assert resources.addresses == ["data:,"]


async def test_the_policy_lets_only_the_pages_own_style_and_script_run(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(code_for("A1"), follow_redirects=True)
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    tags = re.findall(r"<(?:script|style)\b[^>]*>", answer.text)
    assert len(tags) == 2
    assert all(f'nonce="{nonce[1]}"' in tag for tag in tags)
    assert not re.search(r"\son\w+=|\sstyle=", answer.text)
    again = await client.get(answer.url)
    assert nonce[1] not in again.headers["content-security-policy"]


async def test_an_unknown_product_or_serial_is_a_warning(
    world: World, client: httpx.AsyncClient
) -> None:
    world.issued["A1"] = False
    assert (await told(client, code_for("A1")))["verdict"] == "not-issued"
    world.issued["A1"] = True
    assert (await told(client, code_for("A1")))["verdict"] == "signed"
    assert (await told(client, "/01/09506000134369/21/A1"))["verdict"] == "not-issued"


@pytest.mark.parametrize(
    ("disposition", "verdict", "words"),
    [
        ("recalled", "recalled", "do not use"),
        ("destroyed", "retired", "out of circulation"),
        ("inactive", "retired", "out of circulation"),
        ("sellable_accessible", "signed", "issued by"),
    ],
)
async def test_what_custody_says_of_the_item_is_said(
    world: World, client: httpx.AsyncClient, disposition: str, verdict: str, words: str
) -> None:
    world.states["A1"] = disposition
    assert (await told(client, code_for("A1")))["verdict"] == verdict
    assert words in await page_of(client, code_for("A1"))


async def test_the_first_query_is_called_the_first(client: httpx.AsyncClient) -> None:
    assert "This is the first query" in await page_of(client, code_for("A1"))


async def test_later_queries_say_their_number_and_when_and_where_the_first_was(
    world: World, client: httpx.AsyncClient
) -> None:
    first = Scan(
        event_id="s-1",
        received_at=NOW,
        scanned_at=NOW.replace(month=3),
        uri="https://x.example",
        gtin=GTIN,
        serial="A1",
        signature="valid",
        reader="consumer",
        session="one",
        location=Location(lon=113, lat=23, accuracy_m=50),
    )
    retry = Scan(
        event_id="s-2",
        received_at=NOW,
        scanned_at=NOW.replace(month=3, minute=31),
        uri="https://x.example",
        gtin=GTIN,
        serial="A1",
        signature="valid",
        reader="consumer",
        session="one",
    )
    subject = f"https://id.gs1.org/01/{GTIN}/21/A1"
    rows = [
        outbox.Outgoing(f"scan:{scan.event_id}", "scans", subject, encode_event(scan))
        for scan in (first, retry)
    ]
    outbox.put(world.engine, rows, NOW)
    page = await page_of(client, code_for("A1"))
    assert "query number 2 of this code" in page
    assert "First query: 2026-03-04 08:30 UTC." in page
    assert "First known place: East." in page
    assert (await told(client, code_for("A1")))["queries"] == {
        "number": 2,
        "total": 2,
        "at_least": False,
        "first_at": "2026-03-04T08:30:00+00:00",
        "first_place": "East",
    }


async def test_somebody_elses_visit_says_so_and_asks_for_no_location(
    world: World, client: httpx.AsyncClient
) -> None:
    answer = await client.get(code_for("A1"), follow_redirects=True)
    assert 'id="share"' in answer.text
    async with world.client() as somebody_else:
        theirs = await somebody_else.get(answer.url)
        as_json = await somebody_else.get(answer.url, headers={"Accept": "application/json"})
    assert "somebody’s check made at 2026-05-04 08:30 UTC" in theirs.text
    assert 'id="share"' not in theirs.text
    assert as_json.json()["own_visit"] is False
    assert as_json.json()["location_url"] is None


async def test_the_location_is_explained_before_it_is_asked_for(client: httpx.AsyncClient) -> None:
    page = await page_of(client, code_for("A1"))
    place = page[page.index('id="place"') :]
    place = place[: place.index("</section>")]
    assert "Orchard Brand alone receives it" in place
    assert "copied codes" in place
    assert "365 days" in place
    assert "result above stays the same" in place
    assert page.index("<h1>") < page.index('id="place"')


@pytest.mark.parametrize(
    ("user_agent", "crs"),
    [("Mozilla/5.0 MicroMessenger/8.0.50", "unknown"), ("Mozilla/5.0 Safari/604.1", "wgs84")],
)
async def test_wechats_browser_does_not_say_which_system_it_reports(
    world: World, user_agent: str, crs: str
) -> None:
    async with world.client(**{"User-Agent": user_agent}) as phone:
        assert f'data-crs="{crs}"' in await page_of(phone, code_for("A1"))


async def test_an_address_that_is_not_ours_or_too_old_answers_404(
    world: World, client: httpx.AsyncClient
) -> None:
    page = (await client.get(code_for("A1"))).headers["location"]
    changed = page[:-2] + ("AA" if page[-2:] != "AA" else "BB")
    for wrong in (changed, "/v/x", "/v/" + "A" * 300, "/v/%00", "/v/中"):
        answer = await client.get(wrong, headers={"Accept": "application/json"})
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/visit-unknown"
    world.clock.pass_time(days=8)
    assert (await client.get(page)).status_code == 404


async def test_what_a_code_says_is_escaped(client: httpx.AsyncClient) -> None:
    page = await page_of(client, f"/01/{GTIN}/10/%3Cb%3E/21/%22%3E%3Cscript%3E")
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


async def test_an_expired_date_is_said(client: httpx.AsyncClient) -> None:
    code = code_for("A1", signer=SIGNER, rest="?17=260400")
    assert "This date has passed" in await page_of(client, code)
    assert (await told(client, code))["expires_on"] == "2026-04-30"
