"""What gathering costs a sighting, and how large its state is, as history grows tenfold and again.

Sightings are made here, so that nothing but the second stage is measured: twelve dealers, forty
towns each, three in a hundred goods abroad. CPU time; state is its msgpack form.
"""

import argparse
import random
import time
from typing import NamedTuple

import msgspec

from cases.gather import Gathering, step
from cases.judgement import Judgement
from registry import Registry, RegistryRows
from rules.model import Sighting

DEALERS, TOWNS, ABROAD = 12, 40, 0.03
BEGIN_US = 1_780_000_000_000_000
SPAN_US = 365 * 86_400_000_000


def sighting(number: int, chance: random.Random) -> Sighting:
    """An item's first sighting, most of them in one of its dealer's towns."""
    dealer = chance.randrange(DEALERS)
    away = chance.random() < ABROAD
    market = chance.randrange(DEALERS) if away else dealer
    town = chance.randrange(TOWNS)
    lon, lat = 5.0 * market + town % 8 * 0.6, 20.0 + town // 8 * 0.7
    return Sighting(
        item=f"i{number}",
        gtin="09506000134352",
        dealer_id=f"D{dealer}",
        origin=f"c{number // 12}",
        at_us=0,
        lon=lon + chance.gauss(0, 0.05),
        lat=lat + chance.gauss(0, 0.05),
        probability_outside=float(market != dealer),
        distance_m=250_000.0 if market != dealer else None,
        territory_id=f"T{market}" if market != dealer else None,
        nth=1,
        places=((lon, lat),),
    )


class Cost(NamedTuple):
    """CPU microseconds a sighting in the last tenth; bytes of the state, of it what is held of
    dealers and cells, and origin cases of the last months; pairs of a dealer and a cell."""

    each_us: float
    size: int
    bets_size: int
    surfaced_size: int
    bets: int


def measure(count: int, registry: Registry) -> Cost:
    """What gathering costs after so many."""
    chance, state = random.Random(7), Gathering()
    begun = 0.0
    for number in range(count):
        if number == count - count // 10:
            begun = time.process_time()
        judged = Judgement(
            known_us=BEGIN_US + SPAN_US * number // count,
            known_by=f"scan:{number}",
            identity=f"scan:{number}",
            subject="",
            sighting=sighting(number, chance),
        )
        state, _ = step(state, judged, registry=registry)
    each_us = (time.process_time() - begun) / (count // 10) * 1e6
    parts = (state, state.tested, state.diversions.surfaced)
    size, bets_size, surfaced_size = (len(msgspec.msgpack.encode(part)) for part in parts)
    bets = sum(len(tested.bets) for tested in state.tested.values())
    return Cost(each_us, size, bets_size, surfaced_size, bets)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="python -m bench.gathering")
    arguments.add_argument("--least", type=int, default=4, help="from 10 to this power of scans")
    arguments.add_argument("--most", type=int, default=6, help="up to 10 to this power")
    wish = arguments.parse_args()
    registry = Registry(RegistryRows())
    print("| sightings in a year | CPU µs each | state, kB | bets | surfaced | dealers × cells |")
    print("|---|---|---|---|---|---|")
    for power in range(wish.least, wish.most + 1):
        cost = measure(10**power, registry)
        sizes = (cost.size, cost.bets_size, cost.surfaced_size)
        cells = " | ".join(f"{size / 1000:,.0f}" for size in sizes)
        print(f"| 10^{power} | {cost.each_us:.0f} | {cells} | {cost.bets:,} |", flush=True)


if __name__ == "__main__":
    main()
