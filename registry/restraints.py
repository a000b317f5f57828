"""Terms that may amount to an unlawful restraint of trade, found when they are entered.

The rules are data (``restraints.toml`` beside this module says how they are written), so that
counsel can edit them. A finding warns and forbids nothing.
"""

import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from events.errors import TracewardenError
from registry.geometry import shape_of
from registry.known import recorded_us
from registry.model import Authorisation, Channel, Permit, Product, Territory
from registry.overlaps import overlaps
from registry.rows import RegistryRows

BUILT_IN = Path(__file__).with_name("restraints.toml")
Box = tuple[float, float, float, float]


class RestraintsError(TracewardenError):
    """A table of rules that cannot be read."""

    type = "restraints-invalid"


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a law holds: boxes in degrees (west, south, east, north) and names of territories."""

    boxes: list[Box] = []
    territory_ids: list[str] = []

    def holds(self, territory: Territory) -> bool:
        """Whether the territory is named so, or its middle lies in a box."""
        if any(fnmatchcase(territory.territory_id, pattern) for pattern in self.territory_ids):
            return True
        middle = shape_of(territory).representative_point()
        return any(w <= middle.x <= e and s <= middle.y <= n for w, s, e, n in self.boxes)


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule; all the conditions that it names must hold."""

    id: str
    of: Literal["authorisation", "permit"]
    law: str
    en: str
    zh: str
    place: str | None = None
    exclusive: bool | None = None
    without_channel: Channel | None = None
    floor_price: bool | None = None
    more_exclusive_than: int | None = None


class Restraints(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table."""

    rules: list[Rule]
    places: dict[str, Place] = {}


class Caution(NamedTuple):
    """What a rule says of a row, and the territories that it speaks of."""

    rule: Rule
    row_id: str
    territory_ids: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The warning as ``load`` and ``registry add`` print it."""
        return {
            "type": "restraint",
            "rule": self.rule.id,
            f"{self.rule.of}_id": self.row_id,
            "territory_ids": list(self.territory_ids),
            "law": self.rule.law,
            "en": self.rule.en,
            "zh": self.rule.zh,
        }


def read_restraints(path: Path = BUILT_IN) -> Restraints:
    """The table in a file.

    Raises:
        RestraintsError: it is no such table, or a rule names a place that is not there.
        OSError: there is no such file.
    """
    try:
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Restraints)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise RestraintsError(f"{path.name}: {error}") from None
    for rule in table.rules:
        if rule.place is not None and rule.place not in table.places:
            raise RestraintsError(
                f"{path.name}: rule {rule.id} names the place {rule.place!r}, which is not there",
                field=f"rules.{rule.id}.place",
            )
    return table


def cautions_of(
    table: Restraints, rows: RegistryRows, fresh: Iterable[str], fresh_products: Iterable[str] = ()
) -> list[Caution]:
    """What the rules say of the authorisations and permits ``fresh`` (by id), and of those that
    grant one of the ``fresh_products`` (by GTIN), by the rows as last known.
    """
    registry = _Newest(rows)
    wanted, products = set(fresh), set(fresh_products)
    found: list[Caution] = []
    for row_id, row in registry.granted:
        asked = row_id in wanted
        if asked or (products and (row.gtins == "all" or not products.isdisjoint(row.gtins))):
            for rule in table.rules:
                # A product that came changes only what rules say of prices.
                if asked or rule.floor_price is not None:
                    found += registry.held_against(rule, table, row_id, row)
    return found


class _Newest:
    """Rows as last known."""

    def __init__(self, rows: RegistryRows) -> None:
        self._rows = rows
        self._products: dict[str, Product] = {
            row.gtin: row for row in sorted(rows.products, key=recorded_us)
        }
        self._territories = {
            row.territory_id: row for row in sorted(rows.territories, key=lambda r: r.version)
        }
        self._in_place = cache(self._holds)
        self._rivals = cache(self._count_rivals)

    @property
    def granted(self) -> list[tuple[str, Authorisation | Permit]]:
        """Every authorisation and permit by its id."""
        rows = self._rows
        authorisations: dict[str, Authorisation | Permit] = {
            row.authorisation_id: row for row in sorted(rows.authorisations, key=recorded_us)
        }
        permits: dict[str, Authorisation | Permit] = {
            row.permit_id: row for row in sorted(rows.permits, key=recorded_us)
        }
        return [*authorisations.items(), *permits.items()]

    def held_against(
        self, rule: Rule, table: Restraints, row_id: str, row: Authorisation | Permit
    ) -> Iterator[Caution]:
        """The rule's warning, where it has one to give."""
        if (rule.of == "permit") != isinstance(row, Permit) or not self._speaks_of(rule, row):
            return
        place = None if rule.place is None else table.places[rule.place]
        there = tuple(t for t in row.territory_ids if self._is_there(t, place))
        if there and (
            rule.more_exclusive_than is None or self._rivals(row_id) > rule.more_exclusive_than
        ):
            yield Caution(rule, row_id, there)

    def _speaks_of(self, rule: Rule, row: Authorisation | Permit) -> bool:
        if rule.floor_price is not None and rule.floor_price != self._has_floor(row):
            return False
        if isinstance(row, Permit):
            return True
        if rule.exclusive is not None and rule.exclusive != row.exclusive:
            return False
        missing = row.channels is not None and rule.without_channel not in row.channels
        return rule.without_channel is None or missing

    def _has_floor(self, row: Authorisation | Permit) -> bool:
        named = self._products if row.gtins == "all" else row.gtins
        products = (self._products.get(gtin) for gtin in named)
        return any(product is not None and product.floor_price is not None for product in products)

    def _is_there(self, territory_id: str, place: Place | None) -> bool:
        return place is None or (
            territory_id in self._territories
            and self._in_place(territory_id, tuple(place.territory_ids), tuple(place.boxes))
        )

    def _holds(self, territory_id: str, names: tuple[str, ...], boxes: tuple[Box, ...]) -> bool:
        place = Place(boxes=list(boxes), territory_ids=list(names))
        return place.holds(self._territories[territory_id])

    def _count_rivals(self, row_id: str) -> int:
        """How many exclusive authorisations hold some of the same, this one included."""
        exclusive = {r.authorisation_id: r.exclusive for r in self._rows.authorisations}
        return 1 + sum(
            exclusive[o.other_id if o.authorisation_id == row_id else o.authorisation_id]
            for o in overlaps(self._rows, [row_id])
        )
