"""A whole world, from its seed to its recording."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from simulator import recording
from simulator.atlas import FOLDER, read_atlas
from simulator.calendar import DAY
from simulator.chance import Chance
from simulator.codebook import Codebook
from simulator.consignments import Consignments
from simulator.consumers import Consumers
from simulator.copies import FORGERIES, sell_fakes
from simulator.country import settle
from simulator.custody_log import CustodyLog
from simulator.delivery import Delivery
from simulator.journeys import Journeys
from simulator.levels import LEVELS
from simulator.lots import Lot, make_lots
from simulator.market import Market, open_market
from simulator.movement import Movement
from simulator.permit_plots import plan_overruns
from simulator.phone import Phone
from simulator.plots import Plots, Plotting
from simulator.road_plots import plan_roads
from simulator.scans import Scanning
from simulator.selling import Selling
from simulator.trading import EXCESS, USUAL_ORDERS, Trading
from simulator.truth import Incident
from simulator.wish import Wish

GATEWAYS = 4

Progress = Callable[[int, int], None]
"""Told how many lots of how many are done."""


def simulate_world(
    wish: Wish,
    out: Path,
    *,
    passphrase: str | None = None,
    boundaries: Path = FOLDER,
    progress: Progress = lambda done, total: None,
) -> recording.Summary:
    """Make the world and write its recording, its truth and its keys into ``out``.

    Raises:
        SimulationError: the wish is impossible, the borders are missing, or ``out`` is in use.
    """
    span, level = wish.span(), LEVELS[wish.difficulty]
    atlas = read_atlas(boundaries)
    recording.prepare(out)

    def chance(stream: str) -> Chance:
        return Chance(wish.seed, stream)

    country = settle(atlas, chance("country"))
    market = open_market(country, span, wish.items, chance("market"))
    lots = make_lots(market, wish.items, span, chance("lots"))
    plotting = Plotting(market, lots, span, level, chance("plots"))
    plots = plotting.plan()
    plan_overruns(plotting, chance("overruns"))
    plan_roads(plotting, chance("roads"))
    codebook = Codebook(wish.seed, chance("codes"))
    delivery = Delivery(span, level, chance("delivery"), out)
    largest = sorted(country.towns, key=lambda town: -town.weight)[:GATEWAYS]
    phone = Phone(level, [town.place for town in largest], chance("phones"))
    scanning = Scanning(delivery, codebook, phone, level, chance("scans"))
    log = CustodyLog(delivery, level, chance("custody"))
    ways = chance("consignments")
    journeys = Journeys(market, delivery, ways, chance("journeys"))
    consignments = Consignments(market, codebook, log, delivery, scanning, journeys, level, ways)
    consumers = Consumers(Movement(country, chance("movement")), level, chance("consumers"))
    second_hand = chance("second-hand")
    selling = Selling(market, consumers, scanning, log, chance("selling"), second_hand)
    trading = Trading(market, delivery, chance("trading"))

    for number, lot in enumerate(lots):
        trading.order(lot)
        selling.sell(consignments.send(lot))
        progress(number + 1, len(lots))
    trading.offers(max(10, wish.items // 50), span)
    if level.culprits:
        _frauds(wish, market, lots, plots, scanning, codebook, trading, chance("frauds"))
    selling.resell(plotting.innocent("second-hand", None, None), Movement(country, second_hand))
    for overrun in plots.overruns:
        overrun.settle()
    jobs = recording.issuing_jobs(wish, consignments.issued())
    codebook.write_keys(out / "keys", passphrase, jobs, wish.start)
    known = recording.Registry(
        market, plots.permits, consignments.shipment_rows, consignments.issued()
    )
    return recording.write(out, wish, known, delivery, plots.truth)


def _frauds(
    wish: Wish,
    market: Market,
    lots: list[Lot],
    plots: Plots,
    scanning: Scanning,
    codebook: Codebook,
    trading: Trading,
    chance: Chance,
) -> None:
    """What needs no goods: printed fakes, dumping, orders out of all proportion."""
    start, end = wish.span()
    small = wish.items < 2000
    for number in range(2 if small else 4 + wish.items // 10_000):
        forgery = FORGERIES[number % len(FORGERIES)]
        town = max(chance.sample(market.country.towns, 12), key=lambda t: t.weight)
        incident = Incident(
            "clone",
            forgery.pattern,
            wish.difficulty,
            list(forgery.rules),
            territory_id=market.territory_at(town.place),
        )
        plots.truth.incidents.append(incident)
        begins = int(chance.between(start + 10 * DAY, end - 35 * DAY))
        sell_fakes(
            forgery,
            chance.one_of(market.products),
            town,
            begins,
            incident,
            scanning,
            codebook,
            chance,
        )
    for _ in range(1 + wish.items // 20_000):
        party, product = chance.one_of(market.parties), chance.one_of(market.products)
        incident = Incident(
            "price",
            "dumping",
            wish.difficulty,
            ["price-below-floor"],
            dealer_id=party.dealer.dealer_id,
            gtins={product.gtin},
        )
        plots.truth.incidents.append(incident)
        when = int(chance.between(start + 20 * DAY, end - 20 * DAY))
        trading.dump(product, party.dealer.dealer_id, when, incident)
        usual = [lot for lot, before in _ordered_before(lots) if before >= USUAL_ORDERS]
        lot = chance.one_of(usual or lots[len(lots) // 2 :])
        incident = Incident(
            "order",
            "excessive-order",
            wish.difficulty,
            ["order-abnormal"],
            dealer_id=lot.party.dealer.dealer_id,
            gtins={lot.product.gtin},
            is_telling=bool(usual),
        )
        plots.truth.incidents.append(incident)
        trading.order(lot, EXCESS, incident)


def _ordered_before(lots: list[Lot]) -> Iterator[tuple[Lot, int]]:
    """Each lot, and how often its dealer had ordered its product before."""
    ordered: Counter[tuple[str, str]] = Counter()
    for lot in lots:
        key = (lot.party.dealer.dealer_id, lot.product.gtin)
        yield lot, ordered[key]
        ordered[key] += 1
