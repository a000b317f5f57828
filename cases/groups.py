"""Signals that belong together, before and after they are a case.

A group is a case once its alerts together are certain enough: 1 - prod(1 - weight) over its alerts,
each with its strongest signal. It grows until it has been quiet for long, and is a case no longer
where late news leaves it without force.
"""

from collections.abc import Iterator
from math import prod

from msgspec import Struct, field

from cases.case import AlertKey, Case
from cases.claims import Claim, place_of
from cases.judgement import Judgement
from events.identity import Identity
from registry.policy import Policy
from rules.places_seen import LonLat, rough_m
from rules.signal import Signal

DAY_US = 86_400_000_000
PASSES_BY = frozenset(["shipment-off-corridor", "tracker-silent"])
PASSING = 0.1
"""Where a truck was on its way says less of where goods went than where it stood."""
TOLD_ITEMS = {"codes-copied": "items", "order-abnormal": "quantity"}
"""Facts that tell how many items there are, where none is named."""
MOST_WEIGHED = 60
"""More signals make a group no more certain."""


class Group(Struct):
    """Signals of one key; ``opened``: it is or was a case."""

    case: Case
    last_us: int
    opened: bool = False
    weights: dict[str, tuple[AlertKey, float]] = field(default_factory=dict)
    """Alert and weight by signal."""
    located: dict[str, None] = field(default_factory=dict)
    """Codes whose place has counted."""

    def locates(self, code: str) -> bool:
        """Whether this is the first place of a code: each counts once towards where it was."""
        if code in self.located:
            return False
        self.located[code] = None
        return True

    @property
    def certainty(self) -> float:
        """How sure all its alerts together make it."""
        strongest: dict[AlertKey, float] = {}
        for key, weight in self.weights.values():
            strongest[key] = max(weight, strongest.get(key, 0.0))
        return 1.0 - prod(1.0 - weight for weight in strongest.values())


class Groups(Struct):
    """All groups by key; more than one where they lie apart."""

    by_key: dict[tuple[str, ...], list[Group]] = field(default_factory=dict)
    of_signal: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The key under which a signal is held, for news that corrects it."""

    def add(
        self, claim: Claim, signal: Signal, judged: Judgement, policy: Policy
    ) -> Group:
        """Take a signal into its group. The group may have become a case."""
        group = self._group(claim, signal, judged, policy)
        group.last_us = judged.known_us
        key = (signal.rule, signal.subject.type, signal.subject.id)
        if len(group.weights) < MOST_WEIGHED:
            # A forged code that breaks two rules is still one code.
            counted = ("", *key[1:]) if claim.spreads else key
            group.weights[signal.signal_id] = (counted, claim.weight)
            self.of_signal[signal.signal_id] = claim.key
        _grow(group.case, key, signal)
        certainty = group.certainty
        group.case.confidence = certainty
        if not group.opened and certainty >= policy.case_certainty:
            _open(group, judged.known_us, judged.known_by)
        return group

    def correct(self, corrected: tuple[str, ...]) -> Iterator[Group]:
        """News says that signals no longer hold; gives the cases that this concerns."""
        for signal_id in corrected:
            key = self.of_signal.pop(signal_id, None)
            for group in self.by_key.get(key, ()) if key else ():
                if group.weights.pop(signal_id, None) is not None:
                    group.case.confidence = group.certainty
                    if group.opened:
                        yield group

    def is_open(self, key: tuple[str, ...]) -> bool:
        """Whether a case of this key is open."""
        return any(group.opened for group in self.by_key.get(key, ()))

    def has_near(self, key: tuple[str, ...], place: LonLat, reach_m: float) -> bool:
        """Whether a case of this key about this place is open."""
        groups = self.by_key.get(key, ())
        return any(group.opened and _is_near(group.case.place, place, reach_m) for group in groups)

    def _group(
        self, claim: Claim, signal: Signal, judged: Judgement, policy: Policy
    ) -> Group:
        groups = self.by_key.setdefault(claim.key, [])
        oldest_us = judged.known_us - round(policy.case_quiet_days * DAY_US)
        place = place_of(signal)
        near = [
            group
            for group in groups
            if group.last_us >= oldest_us
            and (not claim.spreads or _is_near(group.case.place, place, policy.case_reach_m))
        ]
        if near:
            group = max(near, key=lambda g: (g.opened, g.last_us, g.case.opened_us))
        else:
            case = Case(
                kind=claim.kind,
                key=claim.key,
                subject=claim.subject,
                opened_us=judged.known_us,
                opening=judged.known_by,
            )
            group = Group(case, judged.known_us)
            groups.append(group)
        if group.case.place is None:
            group.case.place = place
        return group

    def forget(self, before_us: int) -> None:
        """Let go of what has been quiet since then."""
        for key in list(self.by_key):
            kept = [group for group in self.by_key[key] if group.last_us >= before_us]
            for gone in (group for group in self.by_key[key] if group.last_us < before_us):
                for signal_id in gone.weights:
                    self.of_signal.pop(signal_id, None)
            if kept:
                self.by_key[key] = kept
            else:
                del self.by_key[key]


def _open(group: Group, known_us: int, by: Identity) -> None:
    group.opened = True
    group.case.opened_us, group.case.opening = known_us, by


def _is_near(one: LonLat | None, other: LonLat | None, reach_m: float) -> bool:
    return one is None or other is None or rough_m(one, other) <= reach_m


def _grow(case: Case, key: AlertKey, signal: Signal) -> None:
    facts = signal.facts
    case.add_alert(key)
    case.last_us = max(case.last_us, signal.occurred_us)
    if case.dealer_id is None and case.kind != "clone":
        case.dealer_id = facts.get("dealer_id")
    territory_id = facts.get("territory_id")
    if territory_id is not None:
        weight = signal.strength * (PASSING if signal.rule in PASSES_BY else 1.0)
        case.territories[territory_id] = case.territories.get(territory_id, 0.0) + weight
    if signal.subject.type == "item":
        case.count_item(signal.subject.id, facts.get("gtin"))
    for unit, gtins in facts.get("contents", {}).items():
        case.count_unit(unit, gtins)
    for gtin in facts.get("gtins") or ([facts["gtin"]] if facts.get("gtin") else []):
        case.gtins.setdefault(gtin, 1)
    case.more_items = max(case.more_items, int(facts.get(TOLD_ITEMS.get(signal.rule, ""), 0)))
