"""The service as a GS1-Conformant Resolver; clause numbers are those of the standard, 1.2."""

from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from api.resolver.choice import best_of
from api.resolver.links import TypedLink
from events.model import ItemEvent
from events.timed import timed
from registry import Registry
from registry.model import Link
from store.events import store_events
from store.incoming import incoming_of
from tests.api.test_printed_address import kept_scans
from tests.api.world import GTIN, NOW, ROWS, World, code_for

VOC = "https://ref.gs1.org/voc/"
ROOT = "https://id.brand.example"
SSCC = "395060000010000082"
LINKSET = {"Accept": "application/linkset+json"}


def link(link_id: str, link_type: str, href: str, *hreflang: str, **more: object) -> Link:
    return Link(
        link_id=link_id, gtins=[GTIN], link_type=link_type, href=href,
        title=f"Title {link_id}", hreflang=list(hreflang) or None,
        **more,  # type: ignore[arg-type]
    )


LINKS = (
    link("en", "gs1:recipeInfo", "https://brand.example/recipes?from=code", "en", type="text/html"),
    link("zh", "https://gs1.org/voc/recipeInfo", "https://brand.example/zh/recipes", "zh",
         type="text/html"),
    link("pdf", "gs1:instructions", "https://brand.example/use.pdf", type="application/pdf"),
    link("page", "gs1:instructions", "https://brand.example/use", type="text/html"),
)


@pytest.fixture
def linked(world: World) -> World:
    """A world whose product has links."""
    world.registry = Registry(replace(ROWS, links=LINKS))
    return world


async def test_a_reading_says_where_all_links_are(
    linked: World, client: httpx.AsyncClient
) -> None:
    answer = await client.get(code_for("A1"))
    assert answer.status_code == 303
    anchor = f"{ROOT}/01/{GTIN}/21/A1"
    rels = answer.headers["link"]
    assert f'<{anchor}?linkType=linkset>; rel="linkset"; type="application/linkset+json"' in rels
    assert f'<https://brand.example/zh/recipes>; rel="{VOC}recipeInfo"; type="text/html"' in rels
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("query", "accept", "content_type"),
    [
        ("", "application/linkset+json", "application/linkset+json"),
        ("?linkType=linkset", "application/linkset+json", "application/linkset+json"),
        ("?linkType=linkset", "application/json", "application/json"),
        ("?linkType=all", "application/json", "application/json"),
        ("?linkType=linkset", "application/ld+json", "application/ld+json"),
    ],
)
async def test_all_links_of_an_item_are_a_linkset_and_no_scan(
    linked: World, client: httpx.AsyncClient, query: str, accept: str, content_type: str
) -> None:
    path = f"/01/{GTIN}/21/A1{query}"
    answer = await client.get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    item, product = answer.json()["linkset"]
    assert item["anchor"] == f"{ROOT}/01/{GTIN}/21/A1"
    assert item["itemDescription"] == "Green Tea 250 g"
    page = {"href": f"{ROOT}/01/{GTIN}/21/A1", "title": "Check this item of Orchard Brand"}
    assert item[f"{VOC}defaultLink"] == [page]
    assert item[f"{VOC}pip"] == [{**page, "type": "text/html", "hreflang": ["en", "zh"]}]
    assert product["anchor"] == f"{ROOT}/01/{GTIN}"
    assert [one["hreflang"] for one in product[f"{VOC}recipeInfo"]] == [["en"], ["zh"]]
    assert ("@context" in answer.json()) == (content_type == "application/ld+json")
    assert ("json-ld#context" in answer.headers["link"]) == ("@context" not in answer.json())
    assert kept_scans(linked) == []


async def test_json_alone_keeps_to_the_verdict_of_an_item(
    linked: World, client: httpx.AsyncClient
) -> None:
    headers = {"Accept": "application/json"}
    answer = await client.get(code_for("A1"), headers=headers, follow_redirects=True)
    assert answer.json()["verdict"] == "signed"
    assert len(kept_scans(linked)) == 1


@pytest.mark.parametrize(
    ("languages", "href"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "https://brand.example/zh/recipes"),
        ("en-GB", "https://brand.example/recipes?from=code"),
        ("de,en;q=0.1", "https://brand.example/recipes?from=code"),
    ],
)
async def test_a_link_type_leads_to_the_link_in_the_readers_language(
    linked: World, client: httpx.AsyncClient, languages: str, href: str
) -> None:
    path = f"/01/{GTIN}/21/A1?linkType=gs1:recipeInfo&utm=x%20y"
    answer = await client.get(path, headers={"Accept-Language": languages})
    assert answer.status_code == 307
    separator = "&" if "?" in href else "?"
    passed = "linkType=gs1:recipeInfo&utm=x%20y"
    assert answer.headers["location"] == f"{href}{separator}{passed}"
    assert kept_scans(linked) == []


async def test_a_link_type_leads_to_the_link_of_the_wanted_media_type(
    linked: World, client: httpx.AsyncClient
) -> None:
    for accept, href in (("application/pdf", "use.pdf"), ("text/html,*/*;q=0.1", "use")):
        path = f"/01/{GTIN}?linkType={VOC}instructions"
        answer = await client.get(path, headers={"Accept": accept})
        assert answer.headers["location"].startswith(f"https://brand.example/{href}?")


async def test_what_cannot_be_decided_is_given_to_the_reader(
    linked: World, client: httpx.AsyncClient
) -> None:
    path = f"/01/{GTIN}?linkType=gs1:recipeInfo"
    answer = await client.get(path, headers={"Accept-Language": "fr", **LINKSET})
    assert answer.status_code == 300
    (context,) = answer.json()["linkset"]
    assert len(context[f"{VOC}recipeInfo"]) == 2
    page = await client.get(path, headers={"Accept-Language": "fr", "Accept": "text/html"})
    assert page.status_code == 300
    assert "Choose the one that you want" in page.text


async def test_a_link_type_that_the_code_has_not_is_404_with_those_that_it_has(
    linked: World, client: httpx.AsyncClient
) -> None:
    path = f"/01/{GTIN}?linkType=gs1:review"
    page = await client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "Title en" in page.text
    answer = await client.get(path, headers={"Accept": "application/json"})
    assert answer.json()["type"] == "/problems/link-type-unknown"


async def test_asking_for_the_page_by_its_type_is_a_reading(
    world: World, client: httpx.AsyncClient
) -> None:
    answer = await client.get(f"{code_for('A1')}&linkType=gs1:pip", follow_redirects=True)
    assert "issued by Orchard Brand" in answer.text
    assert len(kept_scans(world)) == 1


async def test_a_product_and_a_lot_lead_to_a_page_about_them(
    world: World, client: httpx.AsyncClient
) -> None:
    for path in (f"/01/{GTIN}", f"/01/{GTIN}/10/L%2F1", f"/01/{GTIN}/"):
        answer = await client.get(f"{path}?a=b")
        assert answer.status_code == 307
        assert answer.headers["location"] == f"{ROOT}/about{path.removesuffix('/')}?a=b"
        page = await client.get(answer.headers["location"])
        assert page.status_code == 200
        assert "Green Tea 250 g" in page.text
        assert "script-src 'nonce-" in page.headers["content-security-policy"]
    assert kept_scans(world) == []


async def test_a_configured_default_takes_the_place_of_the_products_page_not_of_the_items(
    world: World, client: httpx.AsyncClient
) -> None:
    default = link("d", "gs1:defaultLink", "https://brand.example/tea#top")
    world.registry = Registry(replace(ROWS, links=(default,)))
    product = await client.get(f"/01/{GTIN}?x=1")
    assert product.headers["location"] == "https://brand.example/tea?x=1#top"
    (context,) = (await client.get(f"/01/{GTIN}", headers=LINKSET)).json()["linkset"]
    assert context[f"{VOC}defaultLink"] == [
        {"href": "https://brand.example/tea#top", "title": "Title d"}
    ]
    assert (await client.get(code_for("A1"))).headers["location"].startswith("/v/")


async def test_defaults_in_several_languages_are_chosen_among(
    world: World, client: httpx.AsyncClient
) -> None:
    rows = (
        link("d", "gs1:defaultLink", "https://brand.example/"),
        link("m1", "gs1:defaultLinkMulti", "https://brand.example/zh", "zh"),
        link("m2", "gs1:defaultLinkMulti", "https://brand.example/en", "en"),
    )
    world.registry = Registry(replace(ROWS, links=rows))
    for languages, href in (("zh", "/zh"), ("en", "/en"), ("fr", "/")):
        answer = await client.get(f"/01/{GTIN}", headers={"Accept-Language": languages})
        assert answer.headers["location"] == f"https://brand.example{href}"


async def test_a_withdrawn_link_and_one_recorded_later_do_not_count(
    world: World, client: httpx.AsyncClient
) -> None:
    old = link("l", "gs1:review", "https://brand.example/old", recorded_at=NOW - timedelta(days=2))
    gone = replace(old, withdrawn=True, recorded_at=NOW - timedelta(days=1))
    later = link("k", "gs1:review", "https://brand.example/k", recorded_at=NOW + timedelta(days=1))
    world.registry = Registry(replace(ROWS, links=(old, gone, later)))
    assert (await client.get(f"/01/{GTIN}?linkType=gs1:review")).status_code == 404


@pytest.mark.parametrize(
    "path", [f"/00/{SSCC}", "/8003/09506000134352C7", "/8004/9506000FORK1"]
)
async def test_a_pallet_or_an_asset_is_known_once_anybody_named_it(
    world: World, client: httpx.AsyncClient, path: str
) -> None:
    assert (await client.get(path)).status_code == 404
    epcis = {
        "type": "ObjectEvent", "eventID": "e1", "eventTime": NOW.isoformat(),
        "eventTimeZoneOffset": "+00:00", "action": "OBSERVE", "bizStep": "shipping",
        "epcList": [f"https://id.gs1.org{path}"],
    }
    event = ItemEvent(event_id="e1", received_at=NOW, event=epcis)
    with world.engine.begin() as connection:
        store_events(connection, [incoming_of(timed(event), b"{}")])
    answer = await client.get(path, follow_redirects=True)
    assert answer.status_code == 200
    assert path.rpartition("/")[2] in answer.text
    assert kept_scans(world) == []


@pytest.mark.parametrize("more", ["", "/21/A1"])
async def test_a_piece_of_a_product_has_the_products_links_and_is_no_scan(
    linked: World, client: httpx.AsyncClient, more: str
) -> None:
    path = f"/8006/{GTIN}0102{more}"
    answer = await client.get(path, follow_redirects=True)
    assert (answer.status_code, "Green Tea 250 g" in answer.text) == (200, True)
    answer = await client.get(f"{path}?linkType=gs1:recipeInfo", headers={"Accept-Language": "zh"})
    assert answer.headers["location"].startswith("https://brand.example/zh/recipes?")
    assert kept_scans(linked) == []


@pytest.mark.parametrize(
    "path",
    ["/414/9506000134376", "/417/9506000134376", "/253/9506000134376A", "/8006/040000010022210102",
     "/8018/950600013437612342", "/402/95060001343761236"],
)  # fmt: skip
async def test_a_valid_key_of_which_nothing_is_known_is_404(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_head_says_what_get_would_and_options_lets_anybody_ask(
    linked: World, client: httpx.AsyncClient
) -> None:
    for path in (f"/01/{GTIN}", f"/01/{GTIN}/21/A1", f"/01/{GTIN}/21/A1?linkType=gs1:recipeInfo"):
        answer = await client.head(path, headers={"Accept-Language": "en"})
        assert answer.status_code in (303, 307)
        assert 'rel="linkset"' in answer.headers["link"]
    options = await client.options(f"/01/{GTIN}/21/A1")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert options.headers["access-control-allow-origin"] == "*"
    assert kept_scans(linked) == []


async def test_an_invalid_uri_is_400_and_names_its_part(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        f"/01/{GTIN}/21/A1/10/L1?linkType=linkset", headers={"Accept": "application/json"}
    )
    assert answer.status_code == 400
    assert (answer.json()["type"], answer.json()["field"]) == ("/problems/uri-invalid", "path")
    answer = await client.get("/01/09506000134353", headers=LINKSET)
    assert (answer.status_code, answer.json()["field"]) == (400, "01")
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_resolver_describes_itself(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/gs1resolver")
    told = answer.json()
    assert told["resolverRoot"] == ROOT
    assert told["supportedPrimaryKeys"] == ["00", "01", "8003", "8004", "8006"]
    assert told["supportedLinkType"] == [{"namespace": VOC, "prefix": "gs1:"}]
    assert answer.headers["access-control-allow-origin"] == "*"


TYPED = st.builds(
    TypedLink, rel=st.just("r"), href=st.text(max_size=4), title=st.just("t"),
    hreflang=st.lists(st.sampled_from(["en", "zh", "zh-CN", "de"]), max_size=2).map(tuple),
    type=st.sampled_from([None, "text/html", "application/pdf"]),
)


@given(st.lists(TYPED, min_size=1, max_size=6), st.text(max_size=30), st.text(max_size=30))
def test_a_choice_is_always_among_the_links_and_never_empty(
    links: list[TypedLink], languages: str, accept: str
) -> None:
    chosen = best_of(links, languages, accept)
    assert chosen
    assert all(one in links for one in chosen)
