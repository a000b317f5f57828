"""The one writer: judgements in; evidence entries, signals and alerts out, in one transaction.

It is fenced: starting raises the evidence log's epoch, and a commit by an earlier writer fails.
What a judgement says again changes nothing, so records may come twice and in any order.
"""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from cases.alerts import alert_of
from events.identity import Identity
from evidence.entry import Entry
from judging.revisions import Floors
from judging.settle import withdrawal
from rules.signal import Signal
from store.event_erasures import erased_among
from store.evidence_log import EvidenceLog
from store.gathering import JudgementRow, Rows, held_judgements, mark_dirty, replace_judgements
from store.judgements import (
    Group,
    HeldSignal,
    SignalRow,
    confirm,
    floors_of,
    group_of,
    held_signals,
    hold,
    keep_floors,
    last_change,
    let_go,
    replace_alert,
    signals_of_groups,
)
from stream_processors.judgement_rows import take_rows
from stream_processors.messages import JudgementMessage
from stream_processors.signal_entries import Said, SignalEntries

Held = dict[str, HeldSignal]
"""Signals of one folded subject that hold, by id."""


@dataclass
class _Book:
    """The subjects of a batch: what held before it, what holds after, and who ended what."""

    floors: dict[str, Floors]
    before: dict[str, Held]
    rows: dict[str, Rows]
    rows_after: dict[str, Rows] = field(default_factory=dict)
    after: dict[str, Held] = field(default_factory=dict)
    ended_by: dict[str, JudgementMessage] = field(default_factory=dict)
    said_by: dict[str, JudgementMessage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.after = {subject: dict(held) for subject, held in self.before.items()}
        self.rows_after = {subject: dict(rows) for subject, rows in self.rows.items()}

    def take(self, message: JudgementMessage) -> None:
        """One judgement: from ``since`` on, what it says holds and nothing of before."""
        floors, held = self.floors[message.subject], self.after[message.subject]
        take_rows(self.rows_after[message.subject], message, floors)
        said = {
            signal.signal_id: HeldSignal(signal, unit.order, message.revision)
            for unit in message.units
            if floors.counts(unit.order, message.revision)
            for signal in unit.signals
        }
        for key, row in list(held.items()):
            is_spoken_of = row.order >= message.since and row.revision <= message.revision
            if is_spoken_of and key not in said:
                del held[key]
                self.ended_by[key] = message
        held.update(said)
        self.said_by.update(dict.fromkeys(said, message))
        floors.add(message.since, message.revision)

    def keep(self, erased: Collection[Identity]) -> None:
        """What rests on an erased event cannot be judged again, so nothing withdraws it."""
        for subject, held in self.before.items():
            for key, row in held.items():
                if key not in self.after[subject] and not set(erased).isdisjoint(row.signal.inputs):
                    self.after[subject][key] = row

    def gone_rows(self) -> list[tuple[str, JudgementRow]]:
        """What gathering would have to take no longer."""
        return [
            (subject, row)
            for subject, rows in self.rows.items()
            for key, row in rows.items()
            if key not in self.rows_after[subject]
        ]

    def begun(self) -> list[tuple[str, HeldSignal]]:
        """(subject, signal) of what holds now and did not hold so before."""
        return sorted(
            (
                (subject, row)
                for subject, held in self.after.items()
                for key, row in held.items()
                if key not in self.before[subject]
                or self.before[subject][key].signal != row.signal
            ),
            key=lambda found: found[1].signal.order,
        )

    def ended(self) -> list[Signal]:
        """What held before and does not now."""
        gone = (
            row.signal
            for subject, held in self.before.items()
            for key, row in held.items()
            if key not in self.after[subject]
        )
        return sorted(gone, key=lambda signal: signal.order)

    def confirmed(self) -> dict[str, int]:
        """The newer revisions as of which signals still hold."""
        return {
            key: row.revision
            for subject, held in self.after.items()
            for key, row in held.items()
            if key in self.before[subject] and self.before[subject][key].revision != row.revision
        }


class Writer:
    """Takes judgements. ``clock`` gives microseconds since the epoch, ``entropy`` random bytes."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], int],
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._engine = engine
        self._entries = SignalEntries(clock, entropy)
        self._log = EvidenceLog()

    def start(self) -> int:
        """Become the writer; every earlier one is fenced off. Returns the epoch."""
        with self._engine.begin() as connection:
            return self._log.claim(connection)

    def take(
        self,
        messages: Sequence[JudgementMessage],
        *,
        in_order: bool = False,
        also: Callable[[Connection], None] | None = None,
    ) -> int:
        """Commit what the judgements change; returns the number of evidence entries.

        Args:
            in_order: nobody else judges these subjects, so that no floors are needed.
            also: what else belongs into the same transaction, after the judgements.

        Raises:
            LogMovedError: a later writer has started; nothing was written.
        """
        if not messages:
            return 0
        with self._engine.begin() as connection:
            subjects = sorted({message.subject for message in messages})
            since_us = min(message.since[0] for message in messages)
            held = held_signals(connection, subjects, since_us)
            rows = held_judgements(connection, subjects, since_us)
            floors = {subject: Floors() for subject in subjects}
            floors = floors if in_order else floors_of(connection, subjects)
            book = _Book(floors, held, rows)
            for message in messages:
                book.take(message)
            book.keep(_erased_inputs(connection, book.ended()))
            if not in_order:
                keep_floors(connection, floors)
            _keep_rows(connection, book)
            written = self._write(connection, book)
            if also is not None:
                also(connection)
            return written

    def append(self, connection: Connection, entries: Sequence[Entry]) -> list[int]:
        """Append entries within a transaction of ``take``; returns their places."""
        return [place.index for place in self._log.append(connection, entries)]

    def _write(self, connection: Connection, book: _Book) -> int:
        begun, ended = book.begun(), book.ended()
        said = [Said(row.signal, book.said_by[row.signal.signal_id]) for _, row in begun]
        for signal in ended:
            message = book.ended_by[signal.signal_id]
            taken_back = withdrawal(signal, message.because)
            said.append(Said(taken_back, message))
        entries = self._entries.of(connection, said)
        places = self._log.append(connection, entries) if entries else []
        hold(
            connection,
            [
                SignalRow(subject, row.order, row.revision, row.signal, place.index)
                for (subject, row), place in zip(begun, places, strict=False)
            ],
        )
        let_go(connection, [signal.signal_id for signal in ended])
        confirm(connection, book.confirmed())
        _show(connection, {group_of(row.signal) for _, row in begun} | set(map(group_of, ended)))
        return len(entries)


def _erased_inputs(connection: Connection, ended: Sequence[Signal]) -> set[Identity]:
    return erased_among(connection, {one for signal in ended for one in signal.inputs})


def _keep_rows(connection: Connection, book: _Book) -> None:
    """Keep what gathering takes. Of an erased event what was judged before stands."""
    gone = book.gone_rows()
    erased = erased_among(connection, {row.judgement.identity for _, row in gone}) if gone else ()
    for subject, row in gone:
        if row.judgement.identity in erased:
            book.rows_after[subject][row.key] = row
    changed_us = replace_judgements(connection, book.rows, book.rows_after)
    if changed_us is not None:
        mark_dirty(connection, changed_us)


def _show(connection: Connection, groups: set[Group]) -> None:
    """Bring the alerts of these groups up to date."""
    change = last_change(connection)
    for group, signals in signals_of_groups(connection, sorted(groups)).items():
        change = replace_alert(connection, group, alert_of(signals), change)
