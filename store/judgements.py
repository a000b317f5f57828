"""Signals, alerts and floors as the writer reads and writes them, inside its transaction."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from cases.alerts import Alert
from cases.alerts import as_json as alert_form
from judging.revisions import Floor, Floors, Order
from rules.signal import Signal
from rules.signal import as_json as signal_form
from store.columns import as_list, rows_of
from store.schema.judgements import alerts, judged_subjects, signals

_encode = msgspec.json.Encoder().encode
_signal_decoder = msgspec.json.Decoder(Signal)

Group = tuple[str, str, str]
"""Rule, subject type and subject id: what makes up one alert."""


class HeldSignal(NamedTuple):
    """A signal that holds, with the event that it was judged at."""

    signal: Signal
    order: Order
    revision: int


def group_of(signal: Signal) -> Group:
    """The group that a signal belongs to."""
    return (signal.rule, signal.subject.type, signal.subject.id)


def floors_of(connection: Connection, subjects: Collection[str]) -> dict[str, Floors]:
    """The floors of each subject; none yet where it was never judged."""
    query = text(
        "SELECT subject, floors FROM judged_subjects "
        f"WHERE subject IN {rows_of(connection, 'subjects')}"
    )
    rows = connection.execute(query, {"subjects": as_list(subjects)})
    found = {subject: Floors() for subject in subjects}
    for subject, floors in rows:
        listed = msgspec.json.decode(floors) if isinstance(floors, str) else floors
        found[subject] = Floors([Floor((at, key), revision) for (at, key), revision in listed])
    return found


def keep_floors(connection: Connection, floors: dict[str, Floors]) -> None:
    """Store the floors of these subjects in place of what was there."""
    if not floors:
        return
    connection.execute(
        text(
            "DELETE FROM judged_subjects WHERE subject IN "
            f"{rows_of(connection, 'subjects')}"
        ),
        {"subjects": as_list(floors)},
    )
    rows = [
        {"subject": subject, "floors": [[list(f.since), f.revision] for f in held.floors]}
        for subject, held in floors.items()
    ]
    connection.execute(insert(judged_subjects), rows)


def held_signals(
    connection: Connection, subjects: Collection[str], since_us: int
) -> dict[str, dict[str, HeldSignal]]:
    """Signals of each folded subject that hold, by id, of events from a time on."""
    query = text(
        "SELECT subject, unit_us, unit_identity, revision, stored FROM signals "
        f"WHERE subject IN {rows_of(connection, 'subjects')} AND unit_us >= :since AND holds"
    )
    rows = connection.execute(query, {"subjects": as_list(subjects), "since": since_us})
    found: dict[str, dict[str, HeldSignal]] = {subject: {} for subject in subjects}
    for subject, unit_us, unit_identity, revision, stored in rows:
        signal = _signal_decoder.decode(stored)
        held = HeldSignal(signal, (unit_us, unit_identity), revision)
        found[subject][signal.signal_id] = held
    return found


class SignalRow(NamedTuple):
    """A signal on its way into the table."""

    subject: str
    order: Order
    revision: int
    signal: Signal
    evidence_seq: int


def hold(connection: Connection, rows: Sequence[SignalRow]) -> None:
    """Store signals that hold from now on; one that held once before holds again."""
    if not rows:
        return
    ids = [row.signal.signal_id for row in rows]
    connection.execute(
        text(f"DELETE FROM signals WHERE signal_id IN {rows_of(connection, 'ids')}"),
        {"ids": as_list(ids)},
    )
    connection.execute(insert(signals), [_signal_values(row) for row in rows])


def _signal_values(row: SignalRow) -> dict[str, Any]:
    signal = row.signal
    return {
        "signal_id": signal.signal_id,
        "subject": row.subject,
        "unit_us": row.order[0],
        "unit_identity": row.order[1],
        "revision": row.revision,
        "rule": signal.rule,
        "subject_type": signal.subject.type,
        "subject_id": signal.subject.id,
        "occurred_us": signal.occurred_us,
        "holds": True,
        "evidence_seq": row.evidence_seq,
        "stored": _encode(signal),
        "body": _encode(signal_form(signal)),
    }


def let_go(connection: Connection, signal_ids: Collection[str]) -> None:
    """These signals hold no longer."""
    if signal_ids:
        connection.execute(
            text(
                "UPDATE signals SET holds = false "
                f"WHERE signal_id IN {rows_of(connection, 'ids')}"
            ),
            {"ids": as_list(signal_ids)},
        )


def confirm(connection: Connection, revisions: dict[str, int]) -> None:
    """These signals hold as of a newer revision, too."""
    if revisions:
        statement = (
            update(signals)
            .where(signals.c.signal_id == bindparam("key"))
            .values(revision=bindparam("newest"))
        )
        rows = [{"key": key, "newest": revision} for key, revision in revisions.items()]
        connection.execute(statement, rows)


def signals_of_groups(
    connection: Connection, groups: Iterable[Group]
) -> dict[Group, list[Signal]]:
    """All signals that hold, of each group."""
    found: dict[Group, list[Signal]] = {}
    for group in groups:
        rule, subject_type, subject_id = group
        query = select(signals.c.stored).where(
            signals.c.rule == rule,
            signals.c.subject_id == subject_id,
            signals.c.subject_type == subject_type,
            signals.c.holds,
        )
        rows = connection.execute(query).scalars()
        found[group] = [_signal_decoder.decode(stored) for stored in rows]
    return found


def replace_alert(connection: Connection, group: Group, alert: Alert | None, change: int) -> int:
    """Let the group's alert be this one; what was shown before is kept, but holds no longer.

    Returns: the number of the last change.
    """
    rule, subject_type, subject_id = group
    of_group = (
        alerts.c.rule == rule,
        alerts.c.subject_type == subject_type,
        alerts.c.subject_id == subject_id,
    )
    body = None if alert is None else _encode(alert_form(alert))
    before = connection.execute(
        select(alerts.c.alert_id, alerts.c.body).where(*of_group, alerts.c.holds)
    ).all()
    for row in before:
        if alert is not None and (row.alert_id, row.body) == (alert.alert_id, body):
            return change
        if alert is None or row.alert_id != alert.alert_id:
            change += 1
            connection.execute(
                update(alerts)
                .where(alerts.c.alert_id == row.alert_id)
                .values(holds=False, change=change)
            )
    if alert is not None:
        change += 1
        connection.execute(alerts.delete().where(alerts.c.alert_id == alert.alert_id))
        connection.execute(insert(alerts).values(**_alert_values(alert, body, change)))
    return change


def _alert_values(alert: Alert, body: bytes | None, change: int) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "change": change,
        "holds": True,
        "rule": alert.rule,
        "severity": alert.severity,
        "subject_type": alert.subject.type,
        "subject_id": alert.subject.id,
        "dealer_id": alert.dealer_id,
        "territory_id": alert.territory_id,
        "first_us": alert.first_us,
        "last_us": alert.last_us,
        "strength": alert.strength,
        "body": body,
    }


def last_change(connection: Connection) -> int:
    """The number of the last change of any alert; 0 before the first."""
    return connection.execute(select(func.max(alerts.c.change))).scalar() or 0
