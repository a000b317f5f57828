"""Cloners and forgers: one code printed many times, and codes that the brand never made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from registry.model import Product
from simulator import identifiers
from simulator.calendar import DAY, MINUTE
from simulator.chance import Chance
from simulator.codebook import Codebook
from simulator.country import Country, Town, near_town
from simulator.earth import distance_m
from simulator.scans import Label, Scanning
from simulator.truth import Incident

COPIES = 14
UNKNOWN_GTIN = 90
"""The number of a product that the brand doesn't have."""


def print_copies(
    scanning: Scanning,
    label: Label,
    country: Country,
    at_ms: int,
    incident: Incident,
    chance: Chance,
) -> None:
    """A code copied onto many packs, read in many towns, twice within the hour far apart."""
    incident.gtins.add(label.gtin)
    cumulative, total = [], 0.0
    for town in country.towns:
        total += town.weight
        cumulative.append(total)
    for _ in range(COPIES if incident.difficulty == "standard" else COPIES // 2):
        town = country.towns[chance.weighted(cumulative)]
        when = at_ms + int(chance.between(0, 25) * DAY)
        scanning.visit(label, near_town(town, chance), when, accounts=[incident])
    here = country.towns[chance.weighted(cumulative)]
    there = max(chance.sample(country.towns, 30), key=lambda t: distance_m(t.place, here.place))
    for number, town in enumerate((here, there)):
        for seen in scanning.visit(
            label,
            near_town(town, chance),
            at_ms + number * 40 * MINUTE,
            source="gnss",
            retries=False,
            accounts=[incident],
        ):
            incident.reveal(seen.event_id, seen.received_ms, label.uri, None)


def print_block(
    scanning: Scanning,
    labels: Sequence[Label],
    town: Town,
    at_ms: int,
    incident: Incident,
    chance: Chance,
) -> None:
    """All codes of one case, copied onto fakes that are sold in a town; the true ones live on."""
    for label in labels:
        incident.gtins.add(label.gtin)
        for _ in range(chance.integer(1, 3)):
            when = at_ms + int(chance.between(0, 20) * DAY)
            place = near_town(town, chance)
            for seen in scanning.visit(label, place, when, accounts=[incident]):
                if seen.located:
                    incident.reveal(
                        seen.event_id, seen.received_ms, label.uri, incident.territory_id
                    )


@dataclass(frozen=True)
class Forgery:
    """A way to make false codes, and what gives them away."""

    pattern: str
    rules: tuple[str, ...]
    make: Callable[[Codebook, Product], Label]


def _label(code: str, gtin: str, serial: str, signature: str) -> Label:
    return Label(code, gtin, serial, signature, False, identifiers.item_uri(gtin, serial))


def _badly_signed(codebook: Codebook, product: Product) -> Label:
    serial = codebook.invented_serial()
    return _label(codebook.badly_signed(product.gtin, serial), product.gtin, serial, "invalid")


def _own_key(codebook: Codebook, product: Product) -> Label:
    serial = codebook.invented_serial()
    return _label(
        codebook.signed_by_forger(product.gtin, serial), product.gtin, serial, "unknown-key"
    )


def _unknown_serial(codebook: Codebook, product: Product) -> Label:
    serial = codebook.invented_serial()
    return _label(codebook.unsigned(product.gtin, serial), product.gtin, serial, "absent")


def _unknown_product(codebook: Codebook, product: Product) -> Label:
    gtin, serial = identifiers.gtin(UNKNOWN_GTIN), codebook.invented_serial()
    return _label(codebook.unsigned(gtin, serial), gtin, serial, "absent")


FORGERIES = (
    Forgery("bad-signature", ("code-invalid",), _badly_signed),
    Forgery("unknown-serial", ("code-unknown",), _unknown_serial),
    Forgery("unknown-key", ("code-invalid",), _own_key),
    Forgery("unknown-product", ("code-unknown",), _unknown_product),
)


def sell_fakes(
    forgery: Forgery,
    product: Product,
    town: Town,
    at_ms: int,
    incident: Incident,
    scanning: Scanning,
    codebook: Codebook,
    chance: Chance,
) -> None:
    """A printing run of fakes: sold around one town within some weeks, each with its own serial."""
    for _ in range(
        chance.integer(8, 16) if incident.difficulty == "standard" else chance.integer(4, 7)
    ):
        label = forgery.make(codebook, product)
        incident.gtins.add(label.gtin)
        when = at_ms + int(chance.between(0, 20) * DAY)
        for seen in scanning.visit(label, near_town(town, chance), when, accounts=[incident]):
            if seen.located:
                incident.reveal(seen.event_id, seen.received_ms, label.uri, incident.territory_id)
