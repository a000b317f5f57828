from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from store.access import AccessError, add_key, list_keys, revoke_key, split_key
from store.schema.access import api_keys
from store.transactions import reading
from tests.api.test_intake import GOOD
from tests.api.world import World


async def status(client: httpx.AsyncClient, headers: dict[str, str], name: str = "scans") -> int:
    return (await client.post(f"/v1/{name}", json=[GOOD[name]], headers=headers)).status_code


async def test_a_key_opens_what_its_scopes_say(world: World, client: httpx.AsyncClient) -> None:
    both = world.key("scans", "offers")
    assert await status(client, both, "scans") == 202
    assert await status(client, both, "offers") == 202
    assert await status(client, both, "positions") == 403
    answer = await client.post("/v1/positions", json=[], headers=both)
    assert answer.json()["type"] == "/problems/access-denied"
    assert 'scope="positions"' in answer.headers["www-authenticate"]


async def test_wrong_keys_are_refused_in_one_way(world: World, client: httpx.AsyncClient) -> None:
    good = world.key("scans")["Authorization"]
    _, key_id, _ = good.removeprefix("Bearer ").split("_")
    wrong = [
        {},
        {"Authorization": "Basic dGVzdDp0ZXN0"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer tw_"},
        {"Authorization": "Bearer tw_x_y_z"},
        {"Authorization": f"Bearer tw_{key_id}_wrong"},
        {"Authorization": good[:-1]},
        {"Authorization": good.replace(key_id, key_id[::-1])},
    ]
    for headers in wrong:
        answer = await client.post("/v1/scans", json=[GOOD["scans"]], headers=headers)
        assert answer.status_code == 401
        assert answer.json()["type"] == "/problems/credentials-invalid"
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert world.publisher.published == []


async def test_an_expired_key_is_refused(world: World, client: httpx.AsyncClient) -> None:
    headers = world.key("scans", expires_at=world.clock() + timedelta(hours=1))
    assert await status(client, headers) == 202
    world.clock.pass_time(hours=1)
    assert await status(client, headers) == 401


async def test_revoking_takes_effect_within_a_second(
    world: World, client: httpx.AsyncClient
) -> None:
    headers = world.key("scans")
    assert await status(client, headers) == 202
    (key,) = list_keys(world.engine)
    revoke_key(world.engine, key.key_id, world.clock())
    for _ in range(4):
        world.clock.pass_time(seconds=0.25)
        last = await status(client, headers)
    assert last == 401


async def test_a_key_that_is_made_while_the_service_runs_is_good_at_once(
    world: World, client: httpx.AsyncClient
) -> None:
    assert await status(client, {"Authorization": "Bearer tw_aaaa_bbbb"}) == 401
    assert await status(client, world.key("scans")) == 202


def test_only_a_hash_of_the_secret_is_stored(world: World) -> None:
    key = world.key("scans")["Authorization"].removeprefix("Bearer ")
    parts = split_key(key)
    assert parts is not None
    with reading(world.engine) as connection:
        row = connection.execute(select(api_keys)).one()
    assert parts[1] not in repr(row)


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [("", ["scans"], "name"), ("a", [], "scope"), ("a", ["scans", "admin"], "scope")],
)
def test_a_key_without_name_or_known_scope_is_refused(
    world: World, name: str, scopes: list[str], field: str
) -> None:
    with pytest.raises(AccessError) as raised:
        add_key(
            world.engine,
            name=name,
            scopes=scopes,
            now=world.clock(),
            entropy=world.random_bytes,
        )
    assert raised.value.field == field
    assert list_keys(world.engine) == []
