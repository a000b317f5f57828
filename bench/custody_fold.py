"""Custody: events folded a second, and what an event costs in a small and in a large store.

    python -m bench.custody_fold [--small 10000] [--large 10000000] [--moves 300]

Items lie in cases of 100, each packed by one event. What is measured, in CPU seconds of this
process:
the pure fold of an item's nine events; storing and judging moves of single cases; and asking who
holds an item. The last two in a store of ``--small`` items and in one of ``--large``, side by side.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, text

from codes.checksums import check_digit
from custody import Trail, custody_of, read_step
from custody.trail import Touch
from events.model import ItemEvent
from events.timed import from_microseconds, timed
from events.wire import encode_event
from judging.trails import trails
from store.engine import open_engine, sqlite_url
from store.events import Incoming, StoredHistory, incoming_of
from store.schema import metadata
from store.transactions import reading
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState

PER_CASE = 100
BEGIN_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000
PARTIES = [f"https://id.gs1.org/417/{gln}" for gln in ("9506000000015", "9506000100067")]


def case_uri(number: int) -> str:
    """The SSCC of a case."""
    digits = f"3950600{number:010d}"
    return f"https://id.gs1.org/00/{digits}{check_digit(digits)}"


def item_uri(number: int) -> str:
    """An item; numbers of one case follow each other."""
    return f"https://id.gs1.org/01/09506000134352/21/{number:010d}"


def incoming(event_id: str, hour: int, **members: Any) -> Incoming:
    """An event of an hour after the packing."""
    at = from_microseconds(BEGIN_US + hour * HOUR_US)
    event = {"type": "ObjectEvent", "eventTime": at.isoformat(), "eventTimeZoneOffset": "+00:00",
             "action": "OBSERVE", **members}  # fmt: skip
    one = ItemEvent(event_id=event_id, received_at=at, event=event)
    return incoming_of(timed(one), encode_event(one))


def moved(event_id: str, hour: int, step: str, epc: str) -> Incoming:
    """A case or item goes from one party to another."""
    kinds = ("possessing_party", "owning_party")
    giver, taker = PARTIES
    return incoming(
        event_id, hour, bizStep=step, epcList=[epc],
        sourceList=[{"type": kind, "source": giver} for kind in kinds],
        destinationList=[{"type": kind, "destination": taker} for kind in kinds],
    )  # fmt: skip


def packed(case: int) -> Incoming:
    """The event that packs a case."""
    return incoming(
        f"packed-{case}", 0, type="AggregationEvent", action="ADD", bizStep="packing",
        parentID=case_uri(case),
        childEPCs=[item_uri(case * PER_CASE + place) for place in range(PER_CASE)],
    )  # fmt: skip


def fill(engine: Engine, items: int) -> None:
    """Cases of items as the store would hold them, written past the pipeline to save time."""
    metadata.create_all(engine)
    cases = items // PER_CASE
    step = msgspec.json.encode(packed(0).step).decode()
    before, _, after = step.partition("item_event:packed-0")
    head, _, tail = after.partition(case_uri(0))

    def steps() -> Iterator[tuple[str, str, int]]:
        for case in range(cases):
            name = f"item_event:packed-{case}"
            yield name, f"{before}{name}{head}{case_uri(case)}{tail}", BEGIN_US

    def touches() -> Iterator[tuple[str, str, str]]:
        for case in range(cases):
            yield case_uri(case), f"item_event:packed-{case}", "parent"
        for number in range(cases * PER_CASE):
            yield item_uri(number), f"item_event:packed-{number // PER_CASE}", "child"

    connection = engine.raw_connection()
    connection.cursor().executemany(
        "INSERT INTO item_steps (identity, step, event_type, action, biz_step, happened_us, "
        "received_us) VALUES (?, ?, 'AggregationEvent', 'ADD', 'packing', ?3, ?3)",
        steps(),  # type: ignore[arg-type]
    )
    connection.cursor().executemany(
        "INSERT INTO touches VALUES (?, ?, ?)",
        touches(),  # type: ignore[arg-type]
    )
    connection.commit()
    connection.close()


def cpu_s(work: Callable[[], object]) -> float:
    """Processor seconds of this process."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


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
    seconds = cpu_s(
        lambda: [custody_of(trail, party_at=lambda _site, _known: None) for _ in range(times)]
    )
    return times * len(touches) / seconds


def costs_us(engine: Engine, folder: Path, items: int, moves: int) -> tuple[float, float]:
    """Microseconds of an event that moves a case, and of asking for an item."""
    chance = random.Random(7)
    cases = [chance.randrange(items // PER_CASE) for _ in range(moves)]
    pipeline = Pipeline(engine, SqliteState(folder / "state.sqlite"), RegistrySource())
    events = [
        moved(f"{step}-{number}", hour, step, case_uri(case))
        for hour, step in ((1, "shipping"), (2, "receiving"))
        for number, case in enumerate(cases)
    ]
    pipeline.process([moved("first", 1, "shipping", case_uri(0))])

    def process() -> None:
        for begin in range(0, len(events), 50):
            pipeline.process(events[begin : begin + 50])

    def ask() -> None:
        for case in cases:
            item = item_uri(case * PER_CASE + chance.randrange(PER_CASE))
            with reading(engine) as connection:
                trail = trails([item], StoredHistory(connection))[item]
            custody_of(trail, party_at=lambda _site, _known: None)

    moving, asking = cpu_s(process), cpu_s(ask)
    return moving / len(events) * 1e6, asking / len(cases) * 1e6


def measured(items: int, moves: int) -> tuple[float, float, int]:
    """The costs at a size, and the rows that a move writes."""
    with tempfile.TemporaryDirectory(prefix="tracewarden-bench-") as folder:
        engine = open_engine(sqlite_url(Path(folder) / "db.sqlite"), durable=False)
        fill(engine, items)
        before = _rows(engine)
        moving, asking = costs_us(engine, Path(folder), items, moves)
        written = _rows(engine) - before
        engine.dispose()
        return moving, asking, round(written / (2 * moves + 1))


def _rows(engine: Engine) -> int:
    counted = [name for name in metadata.tables if name not in ("touches", "item_steps")]
    with reading(engine) as connection:
        rows = sum(
            connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in counted
        )
        new = "SELECT count(*) FROM {} WHERE identity NOT LIKE 'item_event:packed-%'"
        for name in ("touches", "item_steps"):
            rows += connection.execute(text(new.format(name))).scalar_one()
    return int(rows)


def main() -> None:
    """Print the costs and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=10_000_000)
    parser.add_argument("--moves", type=int, default=300)
    given = parser.parse_args()
    print(f"pure fold: {folded_per_s():,.0f} events a CPU second")
    found = {size: measured(size, given.moves) for size in (given.small, given.large)}
    for size, (moving, asking, rows) in found.items():
        print(
            f"{size:>12,} items: a case moved {moving:,.0f} µs and {rows} rows, "
            f"an item asked for {asking:,.0f} µs"
        )
    small, large = found[given.small], found[given.large]
    print(f"large to small: moved {large[0] / small[0]:.2f}, asked {large[1] / small[1]:.2f}")


if __name__ == "__main__":
    main()
