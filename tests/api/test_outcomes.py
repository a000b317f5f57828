import httpx
import pytest

from tests.api.findings import add_finding, withdraw
from tests.api.world import World


async def test_alerts_come_in_the_order_in_which_they_changed(
    world: World, client: httpx.AsyncClient
) -> None:
    ids = [add_finding(world, name, change=change) for change, name in enumerate("abc", start=1)]
    headers = world.key("read")
    page = (await client.get("/v1/alerts?limit=2", headers=headers)).json()
    assert [alert["alert_id"] for alert in page["alerts"]] == ids[:2]
    rest = (await client.get(f"/v1/alerts?after={page['next']}", headers=headers)).json()
    assert [alert["alert_id"] for alert in rest["alerts"]] == ids[2:]
    end = (await client.get(f"/v1/alerts?after={rest['next']}", headers=headers)).json()
    assert end == {"alerts": [], "withdrawn": [], "next": None}


async def test_an_alert_that_no_longer_holds_is_named_as_withdrawn(
    world: World, client: httpx.AsyncClient
) -> None:
    gone = add_finding(world, "a", change=1)
    kept = add_finding(world, "b", change=2)
    withdraw(world, "a", change=3)
    page = (await client.get("/v1/alerts", headers=world.key("read"))).json()
    assert [alert["alert_id"] for alert in page["alerts"]] == [kept]
    assert page["withdrawn"] == [gone]


async def test_only_signals_that_hold_are_given(world: World, client: httpx.AsyncClient) -> None:
    for change, name in enumerate("abc", start=1):
        add_finding(world, name, change=change)
    withdraw(world, "b", change=4)
    headers = world.key("read")
    page = (await client.get("/v1/signals?limit=1", headers=headers)).json()
    rest = (await client.get(f"/v1/signals?after={page['next']}", headers=headers)).json()
    inputs = [signal["input_ids"] for signal in page["signals"] + rest["signals"]]
    assert inputs == [["s-a"], ["s-c"]]


@pytest.mark.parametrize("query", ["after=x", "after=1.5", "limit=-1", "after=" + "9" * 40])
async def test_a_query_that_is_no_number_is_named(
    world: World, client: httpx.AsyncClient, query: str
) -> None:
    for path in ("alerts", "signals"):
        answer = await client.get(f"/v1/{path}?{query}", headers=world.key("read"))
        assert answer.status_code == 422
        assert answer.json()["field"] == query.partition("=")[0]


async def test_reading_needs_its_own_scope(world: World, client: httpx.AsyncClient) -> None:
    for path in ("alerts", "signals"):
        assert (await client.get(f"/v1/{path}")).status_code == 401
        assert (await client.get(f"/v1/{path}", headers=world.key("scans"))).status_code == 403
