"""The second stage: gathers judgements, in the order in which they were known, into signals over
many subjects and cases.

A stream holds judgements back for a while, so that the skew between partitions makes no difference.
Where one that was taken already changes after all, gathering begins again at the end of the last
day before it: so what holds is always the fold over the judgements that hold, as in a replay.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, Engine

from cases.case import Case
from cases.gather import Gathering, open_cases, step
from cases.judgement import GatherOrder, Judgement
from registry import Registry
from store.gathering import (
    NOWHERE,
    Progress,
    Snapshot,
    iterate,
    keep_progress,
    keep_snapshots,
    progress,
    snapshot_before,
)
from store.transactions import reading
from stream_processors.case_book import CaseBook, Changed
from stream_processors.form import form_of
from stream_processors.messages import JudgementMessage, SaidOf
from stream_processors.registry_source import RegistrySource
from stream_processors.writer import Writer

DAY_US = 86_400_000_000
SUBJECT = "gathering"
MOST_AT_ONCE = 20_000
SPARE_DAYS = 5
"""So many days more than the lateness gathering can go back without beginning from nothing."""
_FORM = form_of(Gathering)
_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Gathering)


@dataclass
class _Round:
    """What one round of gathering gave."""

    position: GatherOrder
    state: Gathering
    units: list[SaidOf] = field(default_factory=list)
    changed: dict[str, Changed] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)
    taken: int = 0

    def take(self, judged: Judgement, registry: Registry) -> None:
        """One more judgement."""
        if judged.known_us // DAY_US > self.position[0] // DAY_US and self.position != NOWHERE:
            self.snapshots.append(Snapshot(self.position, _FORM + _encode(self.state)))
        self.state, gathered = step(self.state, judged, registry=registry)
        order = unit_order(judged.order)
        if gathered.signals:
            self.units.append(SaidOf(order[0], order[1], gathered.signals))
        for case in gathered.cases:
            self.changed[case.case_id] = Changed(case, True, judged.order)
        for case in gathered.fallen:
            self.changed[case.case_id] = Changed(case, False, judged.order)
        self.position = judged.order
        self.taken += 1


def unit_order(order: GatherOrder) -> tuple[int, str]:
    """The order of a judgement as that of a unit, for the writer's floors."""
    known_us, identity, subject = order
    return known_us, f"{identity}\x01{subject}"


class Gatherer:
    """Gathers on behalf of the writer. ``clock`` gives microseconds since the epoch."""

    def __init__(
        self,
        engine: Engine,
        writer: Writer,
        clock: Callable[[], int],
        *,
        hold_back_us: int,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._hold_back_us = hold_back_us
        self._source = RegistrySource()
        self._book = CaseBook(writer, clock, entropy)
        self._state: tuple[str, GatherOrder, Gathering] | None = None

    def step(self) -> int:
        """Gather what may be taken now; returns how many judgements were.

        Raises:
            LogMovedError: a later writer has started; nothing was written.
        """
        until_us = self._clock() - self._hold_back_us
        with reading(self._engine) as connection:
            registry = self._source.current(connection)
            before = progress(connection)
            start, state = self._start(connection, before, registry.first_policy_hash)
            # The state is changed in place: until all is written it is nobody's.
            self._state = None
            done = _Round(start, state)
            again = start != before.position
            base = {case.case_id: case for case in open_cases(state)} if again else {}
            judged = iterate(connection, start, until_us)
            _gather(done, judged, registry, before.position)
        if done.taken or again or before.dirty_us is not None:
            self._write(done, before, start, base, registry)
        self._state = (registry.first_policy_hash, done.position, done.state)
        return done.taken

    def _start(
        self, connection: Connection, before: Progress, policy_hash: str
    ) -> tuple[GatherOrder, Gathering]:
        """From where to go on: from what is at hand, or from the last day before what changed."""
        if before.dirty_us is None and self._state is not None:
            policy, position, state = self._state
            if (policy, position) == (policy_hash, before.position):
                return position, state
        limit_us = before.position[0] + 1 if before.dirty_us is None else before.dirty_us
        snapshot = snapshot_before(connection, policy_hash, limit_us)
        if snapshot is None or not snapshot.state.startswith(_FORM):
            return NOWHERE, Gathering()  # An older release's state would lack what is kept since.
        return snapshot.position, _decoder.decode(snapshot.state[len(_FORM) :])

    def _write(
        self,
        done: _Round,
        before: Progress,
        start: GatherOrder,
        base: dict[str, Case],
        registry: Registry,
    ) -> None:
        revision = before.revision + 1
        since = unit_order(start)
        message = JudgementMessage(
            subject=SUBJECT,
            revision=revision,
            since=(since[0], f"{since[1]}\x01"),
            because=done.position[1],
            units=tuple(done.units),
        )

        def also(connection: Connection) -> None:
            self._book.keep(connection, done.changed, base, start, registry)
            most = registry.lateness_us // DAY_US + SPARE_DAYS
            keep_snapshots(connection, registry.first_policy_hash, start, done.snapshots, most)
            now = progress(connection)
            # What has become dirty meanwhile stays so; what was is done.
            dirty_us = None if now == before else now.dirty_us
            keep_progress(connection, Progress(done.position, dirty_us, revision))

        self._writer.take([message], in_order=True, also=also)


def _gather(
    done: _Round, judged: Iterable[Judgement], registry: Registry, at_least: GatherOrder
) -> None:
    """Take judgements: at least as far as before, and then for one transaction's worth."""
    fresh = 0
    for one in judged:
        done.take(one, registry)
        if one.order > at_least:
            fresh += 1
            if fresh >= MOST_AT_ONCE:
                return
