import re

import httpx

from codes.jwks import load_jwks
from store.schema import metadata
from tests.api.world import World


async def test_the_public_keys_can_be_fetched_by_anybody(
    world: World, client: httpx.AsyncClient
) -> None:
    answer = await client.get("/.well-known/jwks.json")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    keys = load_jwks(answer.content)
    assert keys == world.keys
    assert keys["K2"].revoked_at is not None


async def test_health_says_what_is_up(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["checks"] == {"database": True, "bus": True}


async def test_health_names_what_is_down(world: World, client: httpx.AsyncClient) -> None:
    world.publisher.down = True
    answer = await client.get("/healthz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "not up: bus"


async def test_the_reference_needs_no_other_site(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert re.findall(r'(?:src|href)="(?!/|data:|#)([^"]+)"', page.text) == []
    for path in ("/v1/scans", "/v1/positions", "/01/{rest}", "/.well-known/jwks.json"):
        assert path in page.text


async def test_the_openapi_document_says_what_a_batch_holds(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    body = document["paths"]["/v1/scans"]["post"]["requestBody"]["content"]["application/json"]
    event = body["schema"]["oneOf"][0]["items"]
    assert {"event_id", "uri", "reader", "scanned_at"} == set(event["required"])
    assert "received_at" not in event["properties"]
    assert "signature" not in event["properties"]
    assert event["properties"]["location"]["required"] == ["lon", "lat", "accuracy_m"]
    assert "$ref" not in str(event)
    assert "503" in document["paths"]["/v1/scans"]["post"]["responses"]


async def test_a_fault_is_a_problem_without_its_reason(
    world: World, client: httpx.AsyncClient
) -> None:
    headers = world.key("read")
    metadata.drop_all(world.engine)
    answer = await client.get("/v1/alerts", headers=headers)
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal-error"
    assert "api_keys" not in answer.text


async def test_every_answer_says_how_it_may_be_used(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/v1/alerts", "/nothing", "/console/login", "/static/console.css"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "max-age" in headers["strict-transport-security"]
