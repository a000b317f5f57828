import asyncio
from collections.abc import Callable

import pytest

from api.app import create_app
from api.outbox_relay import OutboxRelay
from store import outbox
from stream_processors.bus.port import BusUnavailableError
from tests.api.world import World, code_for


def put(world: World, *names: str) -> None:
    events = [outbox.Outgoing(f"scan:{name}", "scans", "item", name.encode()) for name in names]
    outbox.put(world.engine, events, world.clock())


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what a background task does."""
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not happen within five seconds")


async def test_what_waits_is_published_once(world: World) -> None:
    put(world, "a", "b")
    relay = OutboxRelay(world.services())
    assert await relay.relay_once() == 2
    assert await relay.relay_once() == 0
    assert world.publisher.published == [("scans", "item", b"a"), ("scans", "item", b"b")]


async def test_what_the_bus_refuses_waits_on(world: World) -> None:
    put(world, "a")
    relay = OutboxRelay(world.services())
    world.publisher.down = True
    with pytest.raises(BusUnavailableError):
        await relay.relay_once()
    assert len(outbox.waiting(world.engine, 10)) == 1
    world.publisher.down = False
    assert await relay.relay_once() == 1


async def test_the_running_relay_publishes_a_scan_at_once(world: World) -> None:
    app = create_app(world.services())
    async with app.router.lifespan_context(app), world.client() as phone:
        phone._transport.app = app  # type: ignore[attr-defined]
        await phone.get(code_for("A1"))
        await until(lambda: bool(world.publisher.published))
        await until(lambda: not outbox.waiting(world.engine, 10))
    assert len(world.publisher.published) == 1


async def test_the_relay_goes_on_after_the_bus_was_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.outbox_relay.IDLE_S", 0.02)
    put(world, "a")
    world.publisher.down = True
    relay = OutboxRelay(world.services())
    relay.start()
    await asyncio.sleep(0.1)
    assert world.publisher.published == []
    world.publisher.down = False
    await until(lambda: not outbox.waiting(world.engine, 10))
    await relay.stop()
    assert [raw for _, _, raw in world.publisher.published] == [b"a"]


def test_an_event_that_is_there_already_stays_as_it_is(world: World) -> None:
    put(world, "a")
    again = outbox.Outgoing("scan:a", "scans", "item", b"other")
    outbox.put(world.engine, [again], world.clock())
    assert [event.raw for event in outbox.waiting(world.engine, 10)] == [b"a"]


def test_only_what_was_published_is_purged(world: World) -> None:
    put(world, "a", "b")
    outbox.mark_published(world.engine, ["scan:a"], world.clock())
    world.clock.pass_time(days=2)
    assert outbox.purge(world.engine, world.clock()) == 1
    assert [event.raw for event in outbox.waiting(world.engine, 10)] == [b"b"]
