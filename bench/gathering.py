"""What gathering costs a sighting, and how large its state is, as history grows tenfold and again.

Sightings are made here, so that nothing but the second stage is measured: twelve dealers, forty
towns each, three in a hundred goods abroad. CPU time; state is its msgpack form.
"""

import argparse
import random
import time

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


def measure(count: int, registry: Registry) -> tuple[float, int, int]:
    """(CPU microseconds a sighting in the last tenth, bytes of state, bets) after so many."""
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
    cost = (time.process_time() - begun) / (count // 10)
    bets = sum(len(tested.bets) for tested in state.tested.values())
    return cost * 1e6, len(msgspec.msgpack.encode(state)), bets


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="python -m bench.gathering")
    arguments.add_argument("--most", type=int, default=6, help="up to 10 to this power of scans")
    most = arguments.parse_args().most
    registry = Registry(RegistryRows())
    print("| sightings in a year | CPU µs each | state, kB | dealers × cells |")
    print("|---|---|---|---|")
    for power in range(4, most + 1):
        cost, size, bets = measure(10**power, registry)
        print(f"| 10^{power} | {cost:.0f} | {size / 1000:,.0f} | {bets:,} |", flush=True)


if __name__ == "__main__":
    main()
