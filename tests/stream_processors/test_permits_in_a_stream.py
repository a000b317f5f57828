"""What a stream counts under permits is what all events together give, in whatever order."""

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from cases.judgement import Judgement
from events.model import AnyEvent, ItemEvent
from events.timed import timed
from events.wire import encode_event
from registry import Registry
from rules.model import Movement
from store.engine import open_engine, sqlite_url
from store.incoming import incoming_of
from store.registry import load_rows
from store.schema import metadata
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from tests.cases.market import GLN, Market, gathered, item, judgements, permit, sscc
from tests.rules.world import FOREIGN_SITE, registry
from tests.stream_processors.effective import EffectiveSet

SERIALS = [f"S{number}" for number in range(24)]
CASES = [sscc(number) for number in range(4)]
PALLET = sscc(9)


def anything(chance: random.Random) -> Market:
    """Goods are packed, moved, repacked and read, some of it told late, some declared wrong."""
    market = Market(registry())
    permits = (permit(quantity=7), permit(permit_id="Q", quantity=4, gtins="all"))
    market.registry = Registry(replace(market.registry.rows, permits=permits))
    for number, case in enumerate(CASES):
        late_days = chance.choice([0.0, 0.0, 6.0])
        market.pack(case, SERIALS[number * 5 : number * 5 + 5], 0.5, late_days=late_days)
    market.stack(PALLET, CASES[:2], 0.7, late_days=chance.choice([0.0, 5.0]))
    market.move("receiving", [PALLET, *CASES[2:], *map(item, SERIALS[20:])], 1.0, GLN["A"])
    things = [PALLET, *CASES, *map(item, SERIALS[18:])]
    for _ in range(12):
        day, late_days = chance.uniform(2, 20), chance.choice([0.0, 0.0, 4.0])
        match chance.choice(["send", "read", "read", "back", "repack"]):
            case "send":
                units = chance.sample(things, 2)
                market.move("receiving", units, day, site=FOREIGN_SITE, late_days=late_days)
            case "back":
                market.move("receiving", [chance.choice(things)], day, GLN["A"])
            case "repack":
                market.pack(chance.choice(CASES), chance.sample(SERIALS, 2), day)
            case _:
                market.read(chance.choice(SERIALS), 15.0, 5.0, day, late_days=late_days)
    moved = [event for event in market.events if isinstance(event, ItemEvent)]
    market.take_back(chance.choice(moved[-6:]), 30.0)
    for number, serial in enumerate(SERIALS):
        market.read(serial, 15.0, 5.0, 40.0 + number)
    return market


def streamed(
    events: list[AnyEvent], known: Registry, folder: Path, chance: random.Random
) -> EffectiveSet:
    engine = open_engine(sqlite_url(folder / "db.sqlite"), durable=False)
    metadata.create_all(engine)
    with engine.begin() as connection:
        load_rows(connection, "market", known.rows, now_us=0)
    pipeline = Pipeline(engine, SqliteState(folder / "state.sqlite"), RegistrySource())
    effective = EffectiveSet()
    waiting = [incoming_of(timed(event), encode_event(event)) for event in events]
    while waiting:
        size = chance.choice([1, 3, 9])
        processed = pipeline.process(waiting[:size])
        effective.take(processed.judgements)
        pipeline.keep(processed)
        waiting = waiting[size:]
    return effective


def moved(told: list[Judgement]) -> set[tuple[int, Movement]]:
    return {(one.known_us, one.movement) for one in told if one.movement is not None}


@pytest.mark.parametrize("seed", range(6))
def test_a_stream_counts_as_all_events_together_do(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    market = anything(chance)
    events = [*market.events, *chance.sample(market.events, 5)]
    if seed % 2:
        chance.shuffle(events)
    else:
        events.sort(key=lambda event: event.received_at)
    effective = streamed(events, market.registry, tmp_path, chance)
    told = effective.gathered()
    movements = moved(told)
    assert movements == moved(judgements(market.events, market.registry))
    assert len(movements) > 1
    cases, signals = gathered(told, market.registry)
    expected_cases, expected = market.gather()
    assert [signal.signal_id for signal in signals] == [signal.signal_id for signal in expected]
    assert [case.case_id for case in cases] == [case.case_id for case in expected_cases]
    assert any(signal.rule == "permit-exceeded" for signal in signals)
