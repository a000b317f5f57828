"""Gathering: judgements in, signals over many subjects and cases out.

``step`` is a fold over judgements in order of (known-at, identity). It reads no clock: time is that
of the judgements. Learned shares are those of the last midnight in UTC. The state is changed in
place, can be written by msgspec, and is bounded by dealers, places and what is under way, not by
what was ever scanned.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from cases.case import Case, middle_of
from cases.cells import Cell, centre
from cases.claims import claim_of, copies_key, place_of
from cases.diversions import Diversions, take
from cases.estimates import learn
from cases.groups import DAY_US, Group, Groups
from cases.judgement import Judgement
from cases.leak import (
    Bets,
    Crossed,
    Tested,
    copies_finding,
    leak_finding,
    note_doubled,
    test,
)
from cases.natural import Natural
from cases.permits import exceeded_finding, move, under_permit
from cases.scanned import Scanned
from cases.surfaced import (
    Market,
    Surfaced,
    cloned_finding,
    is_cloned,
    is_surfaced,
    surfaced_finding,
)
from cases.trade import Trade, judge_trade
from cases.words import names_in
from registry import Registry
from registry.allotment import Allotted
from rules.model import Finding, Sighting
from rules.places_seen import LonLat
from rules.signal import Signal, signal_of

FORGET_DAYS = 7


class Gathering(Struct):
    """The state between judgements."""

    natural: Natural = field(default_factory=Natural)
    scanned: Scanned = field(default_factory=Scanned)
    tested: dict[str, Tested] = field(default_factory=dict)
    diversions: Diversions = field(default_factory=Diversions)
    groups: Groups = field(default_factory=Groups)
    trade: Trade = field(default_factory=Trade)
    permits: Allotted = field(default_factory=Allotted)
    now_us: int = 0
    swept_us: int = 0


class Gathered(Struct, frozen=True):
    """What a judgement gave: signals over many subjects, cases that are new or have changed, and
    cases that no longer hold."""

    signals: tuple[Signal, ...] = ()
    cases: tuple[Case, ...] = ()
    fallen: tuple[Case, ...] = ()


NOTHING = Gathered()


def open_cases(state: Gathering) -> Iterator[Case]:
    """All cases that may still change."""
    for cases in state.diversions.open.values():
        yield from cases
    for groups in state.groups.by_key.values():
        yield from (group.case for group in groups if group.opened and group.weights)


def step(
    state: Gathering, judged: Judgement, *, registry: Registry
) -> tuple[Gathering, Gathered]:
    """Take the next judgement in order."""
    return state, _Step(state, judged, registry).take()


class _Step:
    """One judgement on its way through the state."""

    def __init__(self, state: Gathering, judged: Judgement, registry: Registry) -> None:
        self._state, self._judged, self._registry = state, judged, registry
        self._policy = registry.policy(judged.known_us)
        self._signals: list[Signal] = []
        self._cases: dict[int, Case] = {}
        self._fallen: dict[int, Case] = {}

    def take(self) -> Gathered:
        """Everything that the judgement brings."""
        state, judged = self._state, self._judged
        state.now_us = max(state.now_us, judged.known_us)
        state.natural.turn(state.now_us // DAY_US)
        state.scanned.turn(state.now_us // DAY_US)
        self._sweep()
        for signal in judged.signals:
            self._signal(signal)
        if judged.trade is not None:
            for finding in judge_trade(state.trade, judged, judged.trade, self._registry):
                self._find(finding)
        if judged.movement is not None:
            move(state.permits, judged.movement, judged, self._registry)
        if judged.sighting is not None:
            self._sighting(judged.sighting)
        if not (self._signals or self._cases or self._fallen):
            return NOTHING
        return Gathered(
            tuple(self._signals), tuple(self._cases.values()), tuple(self._fallen.values())
        )

    def _sweep(self) -> None:
        state = self._state
        if state.now_us - state.swept_us < FORGET_DAYS * DAY_US:
            return
        state.swept_us = state.now_us
        quiet_us = round(self._policy.case_quiet_days * DAY_US)
        state.groups.forget(state.now_us - quiet_us)
        state.diversions.forget(state.now_us, quiet_us)

    def _changed(self, case: Case) -> None:
        case.known_us = self._judged.known_us
        learn(case, self._state.scanned, self._registry, self._policy, case.known_us)
        self._cases[id(case)] = case

    def _find(self, finding: Finding) -> Signal:
        known_us = self._judged.known_us
        words = names_in(finding.facts, self._registry, known_us) | finding.values
        signal = signal_of(replace(finding, values=words), self._registry.policy_hash(known_us))
        self._signals.append(signal)
        self._signal(signal)
        return signal

    def _signal(self, signal: Signal) -> None:
        groups = self._state.groups
        for group in groups.correct((*signal.corrects, *signal.withdraws)):
            if group.weights:
                self._changed(group.case)
            else:
                self._fallen[id(group.case)] = group.case
        claim = claim_of(signal, self._policy) if signal.strength > 0 else None
        if claim is None:
            return
        group = groups.add(claim, signal, self._judged, self._policy)
        if claim.spreads:
            self._locate(group, signal)
        if group.opened:
            # What replaces a corrected signal lets its case stand.
            self._fallen.pop(id(group.case), None)
            self._changed(group.case)
            if claim.key[0] == "clone":
                self._clear(claim.key[1])

    def _clear(self, origin: str) -> None:
        """Copies, not a diversion: cases that were opened for these very goods fall."""
        for cases in self._state.diversions.open.values():
            for case in _opened_for(cases, origin):
                cases.remove(case)
                self._cases.pop(id(case), None)
                self._fallen[id(case)] = case

    def _locate(self, group: Group, signal: Signal) -> None:
        """Let a forged code's place count towards where the run was sold."""
        place = place_of(signal)
        if place is None or not group.locates(signal.subject.id):
            return
        where = self._territory(place, signal.occurred_us)
        self._seen_at(group.case, [place])
        if where is not None:
            group.case.territories[where] = group.case.territories.get(where, 0.0) + 1.0

    def _seen_at(self, case: Case, places: Iterable[LonLat]) -> None:
        for place in places:
            case.seen_at(place, lambda middle: self._territory(middle, self._judged.known_us))

    def _territory(self, place: LonLat, at_us: int) -> str | None:
        """The smallest territory that holds a place."""
        found = self._registry.smallest_territory(*place, "wgs84", at_us, self._judged.known_us)
        return found.territory_id if found else None

    def _sighting(self, seen: Sighting) -> None:
        state, judged = self._state, self._judged
        sighting, by_permit, exceeded = under_permit(state.permits, seen, judged, self._registry)
        if exceeded is not None:
            self._find(exceeded_finding(exceeded, sighting, judged, self._policy))
        if sighting.probability_outside >= 0.5:
            case = state.diversions.grow(sighting, judged)
            if case is not None:
                if exceeded is not None:
                    case.add_alert(("permit-exceeded", "dealer", sighting.dealer_id))
                if sighting.nth == 1:
                    self._seen_at(case, [(sighting.lon, sighting.lat)])
                self._changed(case)
        for into, known, is_here in state.diversions.note(sighting, judged):
            self._origin(into, known, sighting, is_here)
        tested = state.tested.setdefault(sighting.dealer_id, Tested())
        dealers = len(state.natural.flows)
        for into in note_doubled(
            tested, state.natural, sighting, judged, self._policy, dealers
        ):
            self._copies(sighting.dealer_id, tested.bets[into])
        if sighting.nth != 1:
            return
        state.scanned.note(sighting.dealer_id, sighting.gtin, sighting.origin)
        for crossed in test(tested, state.natural, sighting, judged, self._policy, dealers):
            self._leak(crossed)
        if not by_permit:
            state.natural.note(
                sighting.dealer_id, sighting.lon, sighting.lat, sighting.probability_outside
            )

    def _leak(self, crossed: Crossed) -> None:
        if crossed.bets.told:
            return
        crossed.bets.told = True
        if crossed.bets.is_copies:
            self._copies(crossed.dealer_id, crossed.bets)
            return
        place = centre(crossed.cell)
        confidence = leak_finding(crossed, None).strength
        case, is_new = self._state.diversions.begin(
            crossed.dealer_id, place, crossed.bets.territories, self._judged, confidence
        )
        for item, gtin in crossed.bets.seen:
            take(case, item, gtin)
        if is_new:
            case.territories.update(crossed.bets.territories)
            self._seen_at(case, crossed.bets.places)
            signal = self._find(leak_finding(crossed, case.territory_id))
            case.add_alert((signal.rule, signal.subject.type, signal.subject.id))
        if "evidence" not in case.facts:  # The test that crossed first is the one that is shown.
            case.facts |= {
                "evidence": crossed.evidence,
                "threshold": crossed.threshold,
                "natural_share": crossed.bets.natural,
                "course": [list(point) for point in crossed.bets.course],
            }
        self._changed(case)

    def _copies(self, dealer_id: str, bets: Bets) -> None:
        """Goods that looked like a leak are copies of codes at home: its case falls."""
        if bets.told_copies:
            return
        tested = self._state.tested[dealer_id]
        for beside in (bets, *tested.around(bets.doubled_at.places)):
            beside.told = beside.told_copies = True
        place = middle_of(bets.doubled_at.places)
        territory_id = self._territory(place, self._judged.known_us)
        diversions = self._state.diversions
        case = diversions.case_near(dealer_id, place)
        if case is not None:
            diversions.open[dealer_id].remove(case)
            self._cases.pop(id(case), None)
            self._fallen[id(case)] = case
        finding = copies_finding(bets, place, territory_id, self._judged)
        key, reach_m = copies_key(finding.subject.id), self._policy.case_reach_m
        if not self._state.groups.has_near(key, place, reach_m):
            self._find(finding)

    def _origin(self, into: Cell, seen: Surfaced, sighting: Sighting, is_here: bool) -> None:
        state = self._state
        product = self._registry.product(sighting.gtin, self._judged.known_us)
        size = product.case_size if product else None
        market = Market(state.natural, state.tested, size, self._policy)
        if is_cloned(seen, into, sighting.dealer_id, market):
            self._copied(seen, sighting)
            return
        if not is_here or sighting.probability_outside < 0.95 or sighting.item not in seen.items:
            return
        chance = is_surfaced(seen, into, sighting, market)
        if chance is None or (case := self._surfaced(seen, sighting, chance)) is None:
            return
        self._changed(case)

    def _surfaced(self, seen: Surfaced, sighting: Sighting, chance: float) -> Case | None:
        diversions = self._state.diversions
        is_told = self._state.groups.is_open(("clone", sighting.origin or ""))
        if is_told or self._has_copies(sighting):
            return None
        confidence = min(0.99, 1.0 - chance)
        case, is_new = diversions.begin(
            sighting.dealer_id,
            (sighting.lon, sighting.lat),
            seen.territories,
            self._judged,
            confidence,
        )
        if not is_new and ("case-surfaced", "logistic-unit", sighting.origin) in case.alerts:
            return None
        signal = self._find(surfaced_finding(seen, sighting, self._judged, chance))
        case.add_alert((signal.rule, signal.subject.type, signal.subject.id))
        for item, gtin in seen.items.items():
            take(case, item, gtin)
        if is_new:
            case.facts["origin"] = sighting.origin
            case.territories = dict(seen.territories)
            self._seen_at(case, seen.places)
        return case

    def _has_copies(self, sighting: Sighting) -> bool:
        """Whether the dealer's items that are read there were found to be copies: what of one
        origin case is read there, too, is no other case."""
        tested = self._state.tested.get(sighting.dealer_id)
        return tested is not None and any(
            bets.told_copies for bets in tested.around(sighting.places)
        )

    def _copied(self, seen: Surfaced, sighting: Sighting) -> None:
        """Tell once of copies of an origin case's codes."""
        told, origin = self._state.diversions.copied, sighting.origin or ""
        if origin in told:
            return
        told[origin] = self._judged.known_us
        if self._has_copies(sighting):
            self._clear(origin)
            return
        finding = cloned_finding(seen, sighting, self._judged, self._policy)
        finding.facts["territory_id"] = self._territory(seen.place, sighting.at_us)
        self._find(finding)


def _opened_for(cases: Iterable[Case], origin: str) -> list[Case]:
    return [
        case
        for case in cases
        if case.facts.get("origin") == origin and "evidence" not in case.facts
    ]
