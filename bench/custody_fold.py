"""Custody: events folded a second, and what an event costs in a small and in a large store.

    python -m bench.custody_fold [--small 10000] [--large 10000000] [--rounds 5] [--postgres]

Items lie in cases of 100 (``bench/custody_store.py``). Measured, in CPU seconds: the pure fold of
an item's nine events; storing and judging events that move a case, fifty a batch; and asking who
holds an item. The last two in turn in a store of ``--small`` items, a fresh one each round, and in
the one of ``--large``, each time with eighty cases that nobody has touched before. On SQLite it
is the processor time of this process, on PostgreSQL that of its sessions is added.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sqlalchemy import Engine, text

from bench.custody_store import PER_CASE, case_uri, fill, incoming, item_uri, packed, was_read
from custody import Trail, custody_of, read_step
from custody.trail import Touch
from deploy.local import PostgresService
from judging.trails import trails
from store.engine import open_engine, sqlite_url
from store.incoming import Incoming
from store.schema import metadata
from store.stored_history import StoredHistory
from store.transactions import reading
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState

MOVED = 80
BATCH = 50
PARTIES = [f"https://id.gs1.org/417/{gln}" for gln in ("9506000000015", "9506000100067")]


_FILLED = ("events", "touches", "item_steps", "lively")


class Cost(NamedTuple):
    """Microseconds of an event that moves a case, and of asking for an item; rows an event."""

    moving_us: float
    asking_us: float
    rows: float


class Store(NamedTuple):
    """An engine to measure with, and how many items it holds."""

    engine: Engine
    items: int


def moved(event_id: str, hour: int, step: str, epc: str) -> Incoming:
    """A case or item goes from one party to another."""
    kinds = ("possessing_party", "owning_party")
    giver, taker = PARTIES
    return incoming(
        event_id, hour, bizStep=step, epcList=[epc],
        sourceList=[{"type": kind, "source": giver} for kind in kinds],
        destinationList=[{"type": kind, "destination": taker} for kind in kinds],
    )  # fmt: skip


def folded_per_s(times: int = 20_000) -> float:
    """Events that the pure fold takes in a CPU second."""
    case, item = case_uri(0), item_uri(0)
    steps = ["shipping", "receiving", "shipping", "receiving", "storing", "shipping", "receiving"]
    events = [packed(0), *(moved(f"m{n}", n + 1, step, case) for n, step in enumerate(steps))]
    events.append(moved("sold", 20, "retail_selling", item))
    touches = [Touch(*read_step(e.timed.event)) for e in events]  # type: ignore[arg-type]
    own = {case, item}
    touches = [Touch(t.step, {k: v for k, v in t.roles.items() if k in own}) for t in touches]
    trail = Trail.of(item, touches)
    begin = time.process_time()
    for _ in range(times):
        custody_of(trail, party_at=lambda _site, _known: None)
    return times * len(touches) / (time.process_time() - begin)


def cost(store: Store, cases: list[int], chance: random.Random) -> Cost:
    """What it costs to move these cases, each by two events, and to ask for an item of each."""
    engine = store.engine
    with tempfile.TemporaryDirectory(prefix="tracewarden-bench-") as folder:
        pipeline = Pipeline(engine, SqliteState(Path(folder) / "hot.sqlite"), RegistrySource())
        first, *others = cases
        pipeline.process([moved(f"first-{first}", 1, "shipping", case_uri(first))])
        events = [
            moved(f"{step}-{case}", hour, step, case_uri(case))
            for hour, step in ((1, "shipping"), (2, "receiving"))
            for case in others
        ]
        items = [item_uri(case * PER_CASE + chance.randrange(PER_CASE)) for case in others]
        before = _rows(engine)
        moving_us = cpu_us(engine, lambda: _move(pipeline, events))
        rows = (_rows(engine) - before) / len(events)
        asking_us = cpu_us(engine, lambda: _ask(engine, items))
    return Cost(moving_us / len(events), asking_us / len(items), rows)


def _move(pipeline: Pipeline, events: list[Incoming]) -> None:
    for begin in range(0, len(events), BATCH):
        pipeline.process(events[begin : begin + BATCH])


def _ask(engine: Engine, items: list[str]) -> None:
    for item in items:
        with reading(engine) as connection:
            trail = trails([item], StoredHistory(connection))[item]
        custody_of(trail, party_at=lambda _site, _known: None)


def cpu_us(engine: Engine, work: Callable[[], object]) -> float:
    """Processor time in microseconds: of this process and, on PostgreSQL, of its sessions."""
    begin = time.process_time() * 1e6 + _sessions_us(engine)
    work()
    return time.process_time() * 1e6 + _sessions_us(engine) - begin


def _sessions_us(engine: Engine) -> float:
    if engine.dialect.name != "postgresql":
        return 0.0
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    with reading(engine) as connection:
        sessions = connection.execute(text(query)).scalars().all()
    spent_ns = (Path(f"/proc/{one}/schedstat").read_text().split()[0] for one in sessions)
    return sum(float(one) for one in spent_ns) / 1e3


def _rows(engine: Engine) -> int:
    """Rows of all tables, less what the store was filled with."""
    moved_only = " WHERE identity > 'item_event:' AND identity < 'item_event:o'"
    moved_only += " OR identity > 'item_event:r' AND identity < 'item_event:~'"
    asked = {name: moved_only if name in _FILLED else "" for name in metadata.tables}
    with reading(engine) as connection:
        return sum(
            int(connection.execute(text(f"SELECT count(*) FROM {name}{where}")).scalar_one())
            for name, where in asked.items()
        )


@contextmanager
def opened(items: int, server: PostgresService | None) -> Iterator[Store]:
    """A store of so many items, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tracewarden-bench-") as folder:
        url = sqlite_url(Path(folder) / "db.sqlite") if server is None else server.create_database()
        filling = open_engine(url, durable=False)
        fill(filling, items)
        filling.dispose()
        engine = open_engine(url)
        try:
            yield Store(engine, items)
        finally:
            engine.dispose()
            if server is not None:
                server.drop_database(url)


def measured(
    small: int, large: int, rounds: int, server: PostgresService | None
) -> list[tuple[Cost, Cost]]:
    """The costs in the small and in the large store, round by round."""
    chance = random.Random(7)
    found = []
    begin = time.monotonic()
    with opened(large, server) as big:
        print(f"{large:,} items stored in {time.monotonic() - begin:,.0f} s", flush=True)
        cases = chance.sample(_movable(large), rounds * MOVED)
        for number in range(rounds):
            with opened(small, server) as little:
                own = chance.sample(_movable(small), MOVED)
                one = cost(little, own, chance)
            found.append((one, cost(big, cases[number * MOVED :][:MOVED], chance)))
    return found


def _movable(items: int) -> list[int]:
    return [case for case in range(items // PER_CASE) if not was_read(case)]


def main() -> None:
    """Print the costs and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own")
    given = parser.parse_args()
    print(f"pure fold: {folded_per_s():,.0f} events a CPU second", flush=True)
    with ExitStack() as stack:
        server = PostgresService() if given.postgres else None
        if server is not None:
            server.start()
            stack.callback(server.discard)
        found = measured(given.small, given.large, given.rounds, server)
    for place, size in enumerate((given.small, given.large)):
        costs = [pair[place] for pair in found]
        print(
            f"{size:>12,} items: a case moved {median(c.moving_us for c in costs):,.0f} µs and"
            f" {median(c.rows for c in costs):.1f} rows,"
            f" an item asked for {median(c.asking_us for c in costs):,.0f} µs"
        )
    moved_ratio = median(large.moving_us / small.moving_us for small, large in found)
    asked_ratio = median(large.asking_us / small.asking_us for small, large in found)
    print(f"large to small: moved {moved_ratio:.2f}, asked {asked_ratio:.2f}")


if __name__ == "__main__":
    main()
