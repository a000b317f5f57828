"""The world that the stream is measured on: the simulator's, over real US states.

Goods are commissioned, packed, shipped and received by dealers with territories; then people scan
them. Item events are stored beforehand, as they are long before anyone scans, so that what is
measured is scans whose custody has to be read through its containers.
"""

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine

from events.model import ItemEvent, Scan
from events.timed import timed
from events.wire import decode_event, encode_record
from registry.recording import read_registry
from registry.rows import RegistryRows
from simulator.wish import Wish
from simulator.world import simulate_world
from store.engine import open_engine
from store.events import store_events
from store.incoming import Incoming, incoming_of
from store.migrations import migrate
from store.registry import load_rows

ITEMS_PER_SCAN = 0.62
"""The simulator's people scan an item 1.8 times on average, counting those never scanned."""


class World(NamedTuple):
    """A registry, the item events before the scans, and scans as lines in the order they came."""

    name: str
    rows: RegistryRows
    item_events: list[Incoming]
    scans: list[bytes]


def make_world(folder: Path, scans: int, seed: int = 7) -> World:
    """A world with up to this many scans; the same seed gives the same bytes."""
    simulate_world(Wish(seed=seed, items=round(scans * ITEMS_PER_SCAN) + 1), folder)
    head, rows = read_registry(folder)
    item_events, lines = [], []
    for line in (folder / "events.jsonl").read_bytes().splitlines():
        event = decode_event(line)
        if isinstance(event, ItemEvent):
            item_events.append(incoming_of(timed(event), line))
        elif isinstance(event, Scan):
            lines.append(line)
    return World(head.name, rows, item_events, lines[:scans])


def fill(url: str, world: World) -> Engine:
    """The database at ``url`` with the registry and what happened before the first scan."""
    engine = open_engine(url)
    migrate(engine)
    with engine.begin() as connection:
        load_rows(connection, world.name, world.rows, now_us=0)
        for first in range(0, len(world.item_events), 500):
            store_events(connection, world.item_events[first : first + 500])
    return engine


def records(scans: list[bytes], packed: int) -> list[bytes]:
    """The scans in records of ``packed`` events."""
    return [
        encode_record(scans[first : first + packed]) for first in range(0, len(scans), packed)
    ]
