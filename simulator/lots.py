"""What was made and for whom: lots, each a consignment to a dealer, and what fate has in store."""

from dataclasses import dataclass, field

from registry.model import Product
from simulator.calendar import DAY
from simulator.chance import Chance
from simulator.country import Town
from simulator.market import Market, Party, Warehouse
from simulator.overrun import Overrun
from simulator.truth import Incident, Innocent
from simulator.wrong_ways import Detour, Hush

SETTLED_MS = 45 * DAY
"""No lot begins so late that nothing could come of it."""
TRACKED = 0.15


@dataclass
class Leak:
    """A dealer sells part of its goods into another's territory."""

    incident: Incident
    party: Party
    town: Town
    share: float
    from_ms: int
    hides: bool
    must_be_seen: int
    """So many of its first items are surely located by satellite."""


@dataclass
class Fate:
    """What befalls a lot; nothing, mostly."""

    leak: Leak | None = None
    recall: Incident | None = None
    decommissioned: Incident | None = None
    surfaces: tuple[Incident, Town] | None = None
    block_copied: tuple[Incident, Town] | None = None
    corrected: tuple[Innocent, Party] | None = None
    stop: Incident | None = None
    opened: Incident | None = None
    warm: Incident | None = None
    strays: tuple[Incident, Party] | None = None
    cloned: Incident | None = None
    permit: tuple[Innocent, Town] | None = None
    resold: tuple[Innocent, Party] | None = None
    fair: tuple[Innocent, Town] | None = None
    showcase: Innocent | None = None
    detour: Detour | None = None
    hush: Hush | None = None
    overrun: Overrun | None = None


@dataclass
class Lot:
    """Cases of one product, made together and sent together."""

    number: int
    product: Product
    cases: list[int]
    """Items in each case."""
    origin: Warehouse
    party: Party
    onward: Party | None
    """The sub-dealer to whom the cases go on unopened."""
    begins_ms: int
    tracked: bool
    fate: Fate = field(default_factory=Fate)

    @property
    def seller(self) -> Party:
        """Who sells it in the end, if nothing happens."""
        return self.onward or self.party

    @property
    def shipment_id(self) -> str:
        """The id of the brand's shipment to the dealer."""
        return f"SH-{10_001 + self.number}"

    @property
    def plain(self) -> bool:
        """Whether nothing is in store for it yet."""
        return self.fate == Fate()


def make_lots(market: Market, items: int, span: tuple[int, int], chance: Chance) -> list[Lot]:
    """Lots of exactly so many items in all, spread over the span."""
    sizes = _sizes(items, market.products, chance)
    start, end = span[0] + DAY, span[1] - SETTLED_MS
    return [
        _lot(
            market,
            number,
            product,
            cases,
            chance,
            start + int((number + chance.unit()) * (end - start) / len(sizes)),
        )
        for number, (product, cases) in enumerate(sizes)
    ]


def _sizes(items: int, products: list[Product], chance: Chance) -> list[tuple[Product, list[int]]]:
    few, many = (1, 2) if items < 600 else (2, 4) if items < 2000 else (3, 8)
    found: list[tuple[Product, list[int]]] = []
    left = items
    while left:
        product = products[len(found) % len(products)]
        size = product.case_size or 1
        cases = []
        for _ in range(chance.integer(few, many)):
            cases.append(min(size, left))
            left -= cases[-1]
            if not left:
                break
        found.append((product, cases))
    return found


def _lot(
    market: Market, number: int, product: Product, cases: list[int], chance: Chance, begins_ms: int
) -> Lot:
    receivers = market.receivers
    party = receivers[(number + chance.integer(0, 1)) % len(receivers)]
    subs = [p for p in market.parties if p.parent is party]
    onward = subs[0] if subs and chance.happens(0.4) else None
    return Lot(
        number,
        product,
        cases,
        chance.one_of(market.own_sites),
        party,
        onward,
        begins_ms,
        chance.happens(TRACKED),
    )
