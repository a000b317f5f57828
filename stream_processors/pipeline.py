"""The way of a batch: store, find what it bears on, fold, judge in columns. No bus, no clock.

The durable write comes first; what is judged is read after it. Each subject's version was raised
when its event was stored, and a judgement carries the version at which it was made: whoever judges
later has read at least as much, and its judgement counts (DESIGN, 'The way of the data').
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, Engine

from custody.fold import OWN_STEPS
from events.identity import Identity, is_deadline
from events.model import ItemEvent, Offer, Order, Position, Scan, Tick
from events.timed import Timed, by_order
from judging import shipment as shipment_folding
from judging.courses import Courses
from judging.handling import handling_key, judge_handlings, says_something
from judging.item import ItemFold, judge_item
from judging.revisions import Order as JudgingOrder
from judging.shipment import ShipmentFold
from judging.trails import Rows, rows_of
from judging.units import Unit, item_key, shipment_key, trade_key, trade_unit, units_of
from judging.windows import Draft, Judged, judge
from registry import Registry
from store.containment import containers_above, handled_within, items_within
from store.events import Stored, raise_versions, store_events, versions_of
from store.incoming import Incoming
from store.lively import Packed, note_named, note_read
from store.stored_history import StoredHistory
from store.transactions import reading
from stream_processors.hot import Hot, advance, decode_item, decode_shipment, encode, hot_of
from stream_processors.overdue import overdue_shipments
from stream_processors.registry_source import RegistrySource
from stream_processors.state.port import HotState


class Judgement(NamedTuple):
    """All that holds of a subject's events from ``since`` on, as of a revision; ``because`` names
    the event that caused it. Units that say nothing are left out."""

    subject: str
    revision: int
    since: JudgingOrder
    because: str
    units: tuple[Unit, ...]


class Processed(NamedTuple):
    """What a batch gave: judgements to publish, then hot state to keep; and refused doubles."""

    judgements: list[Judgement]
    hot: dict[str, bytes]
    refused: list[tuple[bytes, str]]
    registry_revision: int | None = None


class _Touched(Struct):
    """A subject that a batch bears on: fresh events in hand, and from where it must be judged."""

    moments: list[Timed[Any]] = []
    since: JudgingOrder | None = None
    because: str = ""

    def judge_from(self, order: JudgingOrder, because: str) -> None:
        """Judge everything from this order on again."""
        if self.since is None or order < self.since:
            self.since, self.because = order, because


Touched = dict[str, _Touched]


class _Judged(NamedTuple):
    """A subject's drafts from ``since`` on; ``must``: to be published even if they say nothing."""

    key: str
    since: JudgingOrder
    because: str
    drafts: list[Draft]
    must: bool


class Pipeline:
    """Processes batches of decoded events, whatever bus they came by."""

    def __init__(self, engine: Engine, state: HotState, registry: RegistrySource) -> None:
        self._engine = engine
        self._state = state
        self._source = registry
        self._courses: Courses | None = None

    def process(self, incoming: Sequence[Incoming]) -> Processed:
        """Store and judge a batch; may be repeated with the same result after any fault."""
        kinds = {type(event.timed.event) for event in incoming}  # one, as topics go
        with self._engine.begin() as connection:
            registry, revision = self._source.current(connection), self._source.revision
            stored = store_events(connection, incoming)
            items, shipments = _direct([*incoming, *stored.displaced], stored, registry)
            if Tick in kinds:
                for key, since_us, tick in overdue_shipments(connection, incoming, registry):
                    shipments.setdefault(key, _Touched()).judge_from((since_us, ""), tick)
            versions = _raise(connection, items, shipments, known={})
            traded = _traded(incoming) if kinds & _TRADE else []
            versions |= raise_versions(connection, [trade_key(one) for one in traded])
            first_read = _first_read(items, versions)
            packed = note_read(connection, first_read) if first_read else set()
        named: list[Incoming] = []
        if ItemEvent in kinds:
            named = [event for event in (*incoming, *stored.displaced) if event.step is not None]
        handlings: Touched = {}
        if named:
            with self._engine.begin() as connection:
                note_named(connection, {epc for event in named for epc in event.roles or ()})
            # In a transaction of its own: a scan that is stored meanwhile either is found here, or
            # is judged by whoever stored it with this event before its eyes.
            with self._engine.begin() as connection:
                _through_custody(connection, named, items, shipments, registry)
                versions |= _raise(connection, items, shipments, known=versions)
                handlings = _suspects(connection, named, registry)
                versions |= raise_versions(connection, [handling_key(epc) for epc in handlings])
        courses = self._courses_under(registry)
        hot = self._hot(registry, items, shipments)
        while True:
            with reading(self._engine) as connection:
                judging = _Judging(StoredHistory(connection), courses, versions, stored)
                judging.items(items, {key: decode_item(raw) for key, raw in hot[0].items()})
                if judging.packed(first_read) <= packed:
                    judging.shipments(
                        shipments, {k: decode_shipment(raw) for k, raw in hot[1].items()}
                    )
                    judging.handlings(handlings)
                    judgements = judging.judgements()
                    judgements += judging.trade(traded)
                    break
            # Packed by somebody who could not see these scans yet, nor we that event.
            with self._engine.begin() as connection:
                packed |= note_read(connection, first_read)
        prefix = _prefix(registry)
        kept = {prefix + key: value for key, value in judging.hot.items()}
        return Processed(judgements, kept, stored.refused, revision)

    def _courses_under(self, registry: Registry) -> Courses:
        """What custody goes through, remembered as long as the registry is the same."""
        courses = self._courses
        if courses is None or courses.registry is not registry:
            courses = self._courses = Courses(registry)
        return courses

    def keep(self, processed: Processed) -> None:
        """Keep hot state; only after the judgements were published."""
        self._state.put(processed.hot)

    def _hot(
        self, registry: Registry, items: Touched, shipments: Touched
    ) -> tuple[dict[str, bytes | None], dict[str, bytes | None]]:
        prefix = _prefix(registry)
        keys = [prefix + item_key(key) for key in items]
        keys += [prefix + shipment_key(key) for key in shipments]
        values = self._state.get(keys)
        return (
            dict(zip(items, values[: len(items)], strict=True)),
            dict(zip(shipments, values[len(items) :], strict=True)),
        )


def _prefix(registry: Registry) -> str:
    """Before every key of hot state. State folded under another policy is another state; a version
    that is enacted later changes nothing of what was folded before."""
    return f"tw:{registry.first_policy_hash[:16]}:"


_TRADE = frozenset([Order, Offer])


def _first_read(items: Touched, versions: Mapping[str, int]) -> set[str]:
    """Items that nobody read before, or that a batch read that may have been broken off."""
    return {
        key
        for key, subject in items.items()
        if subject.since is not None or versions[item_key(key)] == 1
    }


def _traded(incoming: Iterable[Incoming]) -> list[Identity]:
    """Orders and offers."""
    return [
        event.timed.identity
        for event in incoming
        if type(event.timed.event) in _TRADE
    ]


def _direct(
    incoming: Iterable[Incoming], stored: Stored, registry: Registry
) -> tuple[Touched, Touched]:
    """Items that were read and shipments whose trackers reported."""
    items: Touched = {}
    shipments: Touched = {}
    fresh = stored.fresh - stored.moved
    for event in incoming:
        moment = event.timed
        one = moment.event
        if isinstance(one, Scan):
            touched = [items.get(event.subject) or items.setdefault(event.subject, _Touched())]
        elif isinstance(one, Position):
            ids = registry.shipments_for_fix(one.tracker_id, moment.at_us, moment.received_us)
            touched = [shipments.setdefault(key, _Touched()) for key in ids]
        else:
            continue
        identity = moment.identity
        if identity in fresh:
            fresh.discard(identity)  # what comes again in the same batch is not
            for subject in touched:
                subject.moments.append(moment)
        else:
            for subject in touched:
                subject.judge_from(moment.order, identity)
    return items, shipments


def _through_custody(
    connection: Connection,
    incoming: Iterable[Incoming],
    items: Touched,
    shipments: Touched,
    registry: Registry,
) -> None:
    """Items with stored scans, and shipments, that an item event bears on through containers."""
    for event in incoming:
        if event.step is None or not event.roles:
            continue
        order = (event.timed.at_us, "")
        for key in items_within(connection, event.roles.keys()):
            items.setdefault(key, _Touched()).judge_from(order, event.identity)
        for epc in event.roles:
            for key in registry.shipments_of_unit(epc):
                shipments.setdefault(key, _Touched()).judge_from(order, event.identity)


def _reached(incoming: Iterable[Incoming]) -> tuple[set[str], set[str]]:
    """EPCs that events reach together with what is in them, and EPCs that they reach alone: what is
    packed into a case, or taken out of it, is nothing to its other contents."""
    through: set[str] = set()
    beside: set[str] = set()
    for event in incoming:
        step = event.step
        if step is None:
            continue
        is_own = step.biz_step in OWN_STEPS and not step.whole
        for epc, role in (event.roles or {}).items():
            (beside if is_own and role != "child" else through).add(epc)
    return through, beside - through


def _suspects(
    connection: Connection, incoming: Sequence[Incoming], registry: Registry
) -> Touched:
    """Things of which contradictory events were stored, or were once. Of others nothing is kept.

    They are judged here to find them, and again once their versions are raised: whoever raises
    later has read at least as much.
    """
    through, beside = _reached(incoming)
    moved = bool(registry.limited_permits)
    if moved:  # what is packed into a case is a part of the pallet that moved with it
        beside |= containers_above(connection, beside) - through
    first = min(incoming, key=lambda event: event.timed.order)
    since_us = first.timed.at_us
    candidates = handled_within(connection, through, beside=beside, since_us=since_us, moved=moved)
    judged = judge_handlings(candidates, StoredHistory(connection), registry)
    epcs = candidates | through | beside
    before = versions_of(connection, [handling_key(epc) for epc in epcs])
    suspects: Touched = {}
    for epc in sorted(epcs):
        if handling_key(epc) in before or (epc in judged and says_something(judged[epc])):
            suspect = suspects[epc] = _Touched()
            suspect.judge_from((since_us, ""), first.identity)
    return suspects


def _from_deadlines(subject: _Touched, heard: Iterable[Timed[Any]]) -> None:
    """Tell again of silences: time may have passed a deadline and nobody was asked since."""
    passed = next((one.order for one in heard if is_deadline(one.identity)), None)
    if passed is not None:
        first = min(subject.moments, key=by_order, default=None)
        subject.judge_from(passed, first.identity if first else subject.because)


def _raise(
    connection: Connection, items: Touched, shipments: Touched, *, known: Mapping[str, int]
) -> dict[str, int]:
    keys = [*(item_key(key) for key in items), *(shipment_key(key) for key in shipments)]
    return raise_versions(connection, [key for key in keys if key not in known])


class _Judging:
    """Judges what a batch touched, from hot state where that may be gone on with."""

    def __init__(
        self,
        history: StoredHistory,
        courses: Courses,
        versions: Mapping[str, int],
        stored: Stored,
    ) -> None:
        self._history = history
        self._courses = courses
        self._registry = courses.registry
        self._versions = versions
        self._fresh = stored.fresh - stored.moved
        self._judged: list[_Judged] = []
        self._rows: Rows = {}
        self.hot: dict[str, bytes] = {}

    def items(self, touched: Touched, hot: Mapping[str, Hot[Any] | None]) -> None:
        """Judge items."""
        again, fold = {}, ItemFold(self._registry)
        for key, subject in touched.items():
            before = hot[key]
            if before is None or not self._went_on(item_key(key), subject, fold, before):
                again[key] = subject
        if not again:
            return
        scans = self._scans_of(again)
        self._rows = rows_of(again.keys(), self._history)
        courses = self._courses.of(again.keys(), self._rows)
        for key, subject in again.items():
            heard = scans.get(key, [])
            judged = judge_item(courses[key], heard, self._registry)
            self._take(item_key(key), subject, judged, heard)

    def packed(self, items: Collection[str]) -> Packed:
        """Which of these items are packed by which events, as they were judged."""
        return {
            (step.identity, item)
            for item in items
            for step, role in self._rows.get(item, ())
            if role == "child"
        }

    def _scans_of(self, again: Touched) -> Mapping[str, list[Timed[Scan]]]:
        """All scans of each item. Where the batch brought the first ones, they are in hand: whoever
        stored more meanwhile raised the version again, and judges with these before its eyes."""
        first = {
            key: subject.moments
            for key, subject in again.items()
            if subject.since is None and self._versions[item_key(key)] == 1
        }
        known = [key for key in again if key not in first]
        return {**first, **(self._history.scans_of(known) if known else {})}

    def shipments(self, touched: Touched, hot: Mapping[str, Hot[Any] | None]) -> None:
        """Judge shipments."""
        for key, subject in touched.items():
            fold, before = ShipmentFold(key, self._registry), hot[key]
            goes_on = before is None or shipment_folding.may_go_on(
                before.state, subject.moments, self._registry
            )
            if goes_on and self._went_on(shipment_key(key), subject, fold, hot[key]):
                continue
            moments = shipment_folding.moments(key, self._registry, self._history)
            judged = judge(fold, moments, self._registry.lateness_us)
            heard = [draft.moment for draft in judged.drafts]
            _from_deadlines(subject, heard)
            self._take(shipment_key(key), subject, judged, heard)

    def handlings(self, touched: Touched) -> None:
        """Judge things whose events contradict each other, or did."""
        judged = judge_handlings(touched.keys(), self._history, self._registry)
        for epc, subject in touched.items():
            assert subject.since is not None, "a suspect is judged from an event on"
            drafts = [d for d in judged[epc].drafts if d.moment.order >= subject.since]
            self._judged.append(
                _Judged(handling_key(epc), subject.since, subject.because, drafts, must=True)
            )

    def _went_on(self, key: str, subject: _Touched, fold: Any, hot: Hot[Any] | None) -> bool:
        if subject.since is not None:
            return False
        went = advance(
            hot,
            fold,
            subject.moments,
            version=self._versions[key],
            lateness_us=self._registry.lateness_us,
        )
        if went is None:
            return False
        after, drafts = went
        self.hot[key] = encode(after)
        if drafts:
            first = drafts[0].moment
            self._judged.append(_Judged(key, first.order, first.identity, drafts, must=False))
        return True

    def _take(
        self, key: str, subject: _Touched, judged: Judged[Any], heard: Iterable[Timed[Any]]
    ) -> None:
        """Take over what was judged from all that is stored; ``heard``: every event that was."""
        must = subject.since is not None
        if subject.moments:
            first = min(subject.moments, key=by_order)
            subject.judge_from(first.order, first.identity)
        since, drafts, fresh = subject.since, judged.drafts, self._fresh
        assert since is not None, "a subject is touched by at least one event"
        if drafts and drafts[0].moment.order < since:
            drafts = [draft for draft in drafts if draft.moment.order >= since]
        # What was judged before may have said what it says no longer.
        if not must and heard is not subject.moments:
            must = any(one.identity not in fresh and one.order >= since for one in heard)
        if drafts or must:
            self._judged.append(_Judged(key, since, subject.because, drafts, must))
        hot = hot_of(judged, self._versions[key])
        if hot is not None:
            self.hot[key] = encode(hot)

    def trade(self, identities: Sequence[Identity]) -> list[Judgement]:
        """Orders and offers as they are stored: each is known as it came first."""
        if not identities:
            return []
        units = [trade_unit(event) for event in self._history.trade_of(identities)]
        return [
            Judgement(u.subject, self._versions[u.subject], u.order, u.identity, (u,))
            for u in units
        ]

    def judgements(self) -> list[Judgement]:
        """What is to be published: whatever says something, or may take something back."""
        drafts = [(judged.key, draft) for judged in self._judged for draft in judged.drafts]
        units: dict[str, list[Unit]] = {}
        for unit in units_of(drafts, self._registry):
            units.setdefault(unit.subject, []).append(unit)
        return [
            Judgement(key, self._versions[key], since, because, tuple(units.get(key, ())))
            for key, since, because, _, must in self._judged
            if must or key in units
        ]
