"""Where a dealer may sell a product: authorisations, inheritance, permits and sell-through.

Time is judged by what was in force when it happened; knowledge by what was recorded when the event
was received (INTERFACES, 'A recording'). An answer is a key, not a shape: a union of clauses, each
an intersection of unions of territory versions. Equal keys are equal areas, so areas are cached.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from msgspec import Struct

from registry.known import (
    BEFORE_EVERYTHING,
    FOREVER,
    Known,
    Recorded,
    instant,
    recorded_us,
)
from registry.model import Authorisation, Dealer, Permit, Territory
from registry.policies import Policies
from registry.rows import RegistryRows

TerritoryVersion = tuple[str, int]
Union = tuple[TerritoryVersion, ...]
Clause = tuple[Union, ...]
AreaKey = tuple[Clause, ...]

DAY_US = 86_400_000_000
ANY_PRODUCT = "*"
"""Asks for what is granted for any product: a shipment does not say what is in it."""


class Grant(NamedTuple):
    """An authorisation or permit as an interval: in force in ``[from_us, to_us)``, and until
    ``tail_us`` for goods received before ``to_us``. ``row_id`` is the row's own id."""

    row_id: str
    gtins: frozenset[str] | None
    territory_ids: tuple[str, ...]
    from_us: int
    to_us: int
    tail_us: int

    def covers(self, gtin: str) -> bool:
        """Whether it speaks of the product."""
        return self.gtins is None or gtin == ANY_PRODUCT or gtin in self.gtins

    def in_force(self, at_us: int, received_us: int) -> bool:
        """Whether goods received then may be sold under it at ``at_us``."""
        if self.from_us <= at_us < self.to_us:
            return True
        return self.to_us <= at_us < self.tail_us and received_us < self.to_us


class Window(Struct, frozen=True, gc=False):
    """When the sale may have been: from and to, both included, and when the goods were received."""

    from_us: int
    to_us: int
    received_us: int


class _Asked(NamedTuple):
    """Of one dealer and product as known at a time: when the answer may change, and the answers by
    between which changes the sale began, ended and the goods were received."""

    changes: list[int]
    answers: dict[tuple[int, int, int], AreaKey | None]


class Authority:
    """Answers where a dealer might sell a product within a window, as known at a time."""

    def __init__(self, rows: RegistryRows, policies: Policies | None = None) -> None:
        self._policies = policies or Policies(rows.policy, rows.policies)
        self._dealers: Known[Dealer] = Known(rows.dealers, lambda row: row.dealer_id)
        self._authorisations = _by_dealer(rows.authorisations)
        self._permits = _by_dealer(rows.permits)
        self._versions: dict[str, list[Territory]] = {}
        for territory in rows.territories:
            self._versions.setdefault(territory.territory_id, []).append(territory)
        self._instants = sorted(self._knowledge(rows) | set(self._policies.changes))
        self._grants: dict[tuple[str, str, int], tuple[list[Grant], list[Grant]]] = {}
        self._asked: dict[tuple[str, str, int], _Asked] = {}
        self._same: dict[AreaKey, AreaKey] = {}

    @staticmethod
    def _knowledge(rows: RegistryRows) -> set[int]:
        known: tuple[Recorded, ...] = (
            *rows.dealers, *rows.authorisations, *rows.permits, *rows.territories
        )
        return {recorded_us(row) for row in known}

    def where(self, dealer_id: str, gtin: str, window: Window, known_us: int) -> AreaKey | None:
        """The area; None where the dealer was never given any for this product."""
        epoch = bisect_right(self._instants, known_us)
        asked = self._asked.get((dealer_id, gtin, epoch))
        if asked is None:
            changes = self._change_points(dealer_id, gtin, epoch)
            asked = self._asked[dealer_id, gtin, epoch] = _Asked(changes, {})
        changes, from_us, received_us = asked.changes, window.from_us, window.received_us
        from_, to = bisect_right(changes, from_us), bisect_right(changes, window.to_us)
        received = from_ if received_us == from_us else bisect_right(changes, received_us)
        try:
            return asked.answers[from_, to, received]
        except KeyError:
            area = self._evaluate(dealer_id, gtin, window, epoch, changes[from_:to])
        asked.answers[from_, to, received] = area
        return area

    def in_force(
        self, dealer_id: str, gtin: str, at_us: int, known_us: int
    ) -> tuple[list[tuple[str, Grant]], list[Grant]]:
        """(authorisations, permits) in force then, as known then: (dealer, grant) of the dealer and
        of those above it, by which it is limited or of which it inherits; permits of its own."""
        epoch = bisect_right(self._instants, known_us)
        lineage = self._lineage(dealer_id, epoch)
        authorised = [
            (dealer, grant)
            for dealer in lineage
            for grant in self._granted(dealer, gtin, epoch)[0]
            if grant.in_force(at_us, at_us)
        ]
        _, permits = self._granted(dealer_id, gtin, epoch)
        return authorised, [grant for grant in permits if grant.in_force(at_us, at_us)]

    def _known_us(self, epoch: int) -> int:
        """The last change of knowledge of an epoch: epochs are the gaps between two changes."""
        return self._instants[epoch - 1] if epoch else BEFORE_EVERYTHING - 1

    def _evaluate(
        self, dealer_id: str, gtin: str, window: Window, epoch: int, between: list[int]
    ) -> AreaKey | None:
        lineage = self._lineage(dealer_id, epoch)
        if not any(any(self._granted(d, gtin, epoch)) for d in lineage):
            return None
        clauses: set[Clause] = set()
        for at_us in (window.from_us, *between):
            clauses.update(self._clauses(lineage, gtin, at_us, window.received_us, epoch))
        key = tuple(sorted(clauses))
        # One object of equal keys: they name hundreds of territories, and there are as many
        # answers as changes of what is known.
        return self._same.setdefault(key, key)

    def _clauses(
        self, lineage: list[str], gtin: str, at_us: int, received_us: int, epoch: int
    ) -> Iterable[Clause]:
        area = self._authorised(lineage, gtin, at_us, received_us, epoch)
        if area:
            yield area
        _, permits = self._granted(lineage[0], gtin, epoch)
        permitted = self._union(permits, at_us, received_us, epoch)
        if permitted:
            yield (permitted,)

    def _authorised(
        self, lineage: list[str], gtin: str, at_us: int, received_us: int, epoch: int
    ) -> Clause:
        """Own rows replace the parent's once the first has begun, and cannot exceed them."""
        dealer_id, *ancestors = lineage
        own, _ = self._granted(dealer_id, gtin, epoch)
        begun = any(grant.from_us <= at_us for grant in own)
        if not ancestors:
            union = self._union(own, at_us, received_us, epoch)
            return (union,) if union else ()
        inherited = self._authorised(ancestors, gtin, at_us, received_us, epoch)
        if not begun:
            return inherited
        union = self._union(own, at_us, received_us, epoch)
        if not union or not inherited:
            return ()
        if any(set(union) <= set(limit) for limit in inherited) and len(inherited) == 1:
            return (union,)
        return tuple(sorted({union, *inherited}))

    def _union(
        self, grants: list[Grant], at_us: int, received_us: int, epoch: int
    ) -> Union:
        ids = {t for g in grants if g.in_force(at_us, received_us) for t in g.territory_ids}
        versions = ((t, self._version(t, at_us, epoch)) for t in ids)
        return tuple(sorted((t, version) for t, version in versions if version is not None))

    def _version(self, territory_id: str, at_us: int, epoch: int) -> int | None:
        """The newest version in force then, as known then."""
        in_force = [
            territory.version
            for territory in self._versions.get(territory_id, ())
            if recorded_us(territory) <= self._known_us(epoch)
            and instant(territory.valid_from, absent=BEFORE_EVERYTHING) <= at_us
        ]
        return max(in_force, default=None)

    def _lineage(self, dealer_id: str, epoch: int) -> list[str]:
        """The dealer and its parents, nearest first; a circle of parents ends where it closes."""
        known_us = self._known_us(epoch)
        lineage = [dealer_id]
        row = self._dealers.get(dealer_id, known_us)
        while row is not None and row.parent_id is not None and row.parent_id not in lineage:
            lineage.append(row.parent_id)
            row = self._dealers.get(row.parent_id, known_us)
        return lineage

    def _granted(self, dealer_id: str, gtin: str, epoch: int) -> tuple[list[Grant], list[Grant]]:
        """The dealer's own authorisations and permits for the product, as known then."""
        key = (dealer_id, gtin, epoch)
        if key not in self._grants:
            known_us = self._known_us(epoch)
            days = self._policies.at(known_us).policy.sell_through_days
            authorised = [
                _grant(row, round(days * DAY_US))
                for row in _known(self._authorisations.get(dealer_id, ()), known_us)
            ]
            permitted = [
                _permit_grant(row) for row in _known(self._permits.get(dealer_id, ()), known_us)
            ]
            self._grants[key] = (
                [grant for grant in authorised if grant.covers(gtin)],
                [grant for grant in permitted if grant.covers(gtin)],
            )
        return self._grants[key]

    def _change_points(self, dealer_id: str, gtin: str, epoch: int) -> list[int]:
        """Every time at which the answer for this dealer and product may change."""
        points: set[int] = set()
        for ancestor in self._lineage(dealer_id, epoch):
            for grants in self._granted(ancestor, gtin, epoch):
                for grant in grants:
                    points.update((grant.from_us, grant.to_us, grant.tail_us))
                    for territory_id in grant.territory_ids:
                        points.update(
                            instant(version.valid_from, absent=BEFORE_EVERYTHING)
                            for version in self._versions.get(territory_id, ())
                        )
        return sorted(points)


def _grant(row: Authorisation, sell_through_us: int) -> Grant:
    to_us = instant(row.valid_to, absent=FOREVER)
    return Grant(
        row_id=row.authorisation_id,
        gtins=None if row.gtins == "all" else frozenset(row.gtins),
        territory_ids=tuple(row.territory_ids),
        from_us=instant(row.valid_from, absent=BEFORE_EVERYTHING),
        to_us=to_us,
        tail_us=to_us if row.valid_to is None else to_us + sell_through_us,
    )


def _permit_grant(row: Permit) -> Grant:
    """A permit clears only what happens after it was recorded."""
    to_us = instant(row.valid_to, absent=FOREVER)
    return Grant(
        row_id=row.permit_id,
        gtins=None if row.gtins == "all" else frozenset(row.gtins),
        territory_ids=tuple(row.territory_ids),
        from_us=max(instant(row.valid_from, absent=BEFORE_EVERYTHING), recorded_us(row)),
        to_us=to_us,
        tail_us=to_us,
    )


Row = TypeVar("Row", Authorisation, Permit)


def _known(rows: Iterable[Row], known_us: int) -> list[Row]:
    """Of the rows with one id, the one recorded last by then."""
    newest: dict[str, Row] = {}
    for row in sorted(rows, key=recorded_us):
        if recorded_us(row) <= known_us:
            newest[_id(row)] = row
    return list(newest.values())


def _id(row: Authorisation | Permit) -> str:
    return row.permit_id if isinstance(row, Permit) else row.authorisation_id


def _by_dealer(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.dealer_id, []).append(row)
    return found
