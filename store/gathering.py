"""Judgements as the writer keeps them for gathering, and how far gathering is."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select, text, update

from cases.judgement import GatherOrder, Judgement
from judging.revisions import Order
from store.columns import as_list, rows_of
from store.schema.gathering import gathering, gathering_snapshots, judgements

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Judgement)
NOWHERE: GatherOrder = (-1, "", "")
"""Before every judgement."""


class JudgementRow(NamedTuple):
    """A judgement that holds, with the order of its event and the revision that said it."""

    judgement: Judgement
    unit_us: int
    revision: int

    @property
    def order(self) -> Order:
        """The event's place in the order of judging."""
        return (self.unit_us, self.judgement.identity)

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from others of its subject."""
        return (self.judgement.identity, self.judgement.known_us)


Rows = dict[tuple[str, int], JudgementRow]
"""Of one subject, by (event, known at)."""


def held_judgements(
    connection: Connection, subjects: Collection[str], since_us: int
) -> dict[str, Rows]:
    """What holds of each subject, of events from a time on."""
    query = text(
        "SELECT subject, unit_us, revision, body FROM judgements "
        f"WHERE subject IN {rows_of(connection, 'subjects')} AND unit_us >= :since"
    )
    rows = connection.execute(query, {"subjects": as_list(subjects), "since": since_us})
    found: dict[str, Rows] = {subject: {} for subject in subjects}
    for subject, unit_us, revision, body in rows:
        row = JudgementRow(_decoder.decode(body), unit_us, revision)
        found[subject][row.key] = row
    return found


def replace_judgements(
    connection: Connection, before: dict[str, Rows], after: dict[str, Rows]
) -> int | None:
    """Let what holds be ``after``; gives from when on gathering has something else to take."""
    changed: list[int] = []
    gone: list[dict[str, object]] = []
    new: list[dict[str, object]] = []
    for subject, rows in after.items():
        held = before[subject]
        for key in held.keys() | rows.keys():
            was, now = held.get(key), rows.get(key)
            if was == now:
                continue
            if was is None or now is None or was.judgement != now.judgement:
                changed.append(key[1])
            if was is not None:
                gone.append({"s": subject, "i": key[0], "k": key[1]})
            if now is not None:
                new.append(_values(subject, now))
    if gone:
        statement = "DELETE FROM judgements WHERE subject = :s AND identity = :i AND known_us = :k"
        connection.execute(text(statement), gone)
    if new:
        connection.execute(insert(judgements), new)
    return min(changed, default=None)


def _values(subject: str, row: JudgementRow) -> dict[str, object]:
    return {
        "subject": subject,
        "identity": row.judgement.identity,
        "known_us": row.judgement.known_us,
        "unit_us": row.unit_us,
        "revision": row.revision,
        "body": _encode(row.judgement),
    }


def judgements_after(
    connection: Connection, after: GatherOrder, until_us: int, most: int
) -> list[Judgement]:
    """The next judgements in order, known before ``until_us``."""
    query = text(
        "SELECT body FROM judgements WHERE (known_us, identity, subject) > (:k, :i, :s) "
        "AND known_us < :until ORDER BY known_us, identity, subject LIMIT :most"
    )
    known_us, identity, subject = after
    values = {"k": known_us, "i": identity, "s": subject, "until": until_us, "most": most}
    return [_decoder.decode(body) for body in connection.execute(query, values).scalars()]


class Progress(NamedTuple):
    """How far gathering is, and from when on what it took has changed since."""

    position: GatherOrder
    dirty_us: int | None
    revision: int


def progress(connection: Connection) -> Progress:
    """How far gathering is; nowhere before the first time."""
    row = connection.execute(select(gathering)).one_or_none()
    if row is None:
        return Progress(NOWHERE, None, 0)
    return Progress((row.known_us, row.identity, row.subject), row.dirty_us, row.revision)


def keep_progress(connection: Connection, now: Progress) -> None:
    """Keep how far gathering is."""
    known_us, identity, subject = now.position
    values = {
        "known_us": known_us,
        "identity": identity,
        "subject": subject,
        "dirty_us": now.dirty_us,
        "revision": now.revision,
    }
    if connection.execute(update(gathering).values(values)).rowcount == 0:
        connection.execute(insert(gathering).values(one=1, **values))


def mark_dirty(connection: Connection, known_us: int) -> None:
    """Judgements known from then on have changed: what was gathered of them is done again."""
    now = progress(connection)
    if known_us <= now.position[0]:
        earliest = known_us if now.dirty_us is None else min(known_us, now.dirty_us)
        keep_progress(connection, now._replace(dirty_us=earliest))


class Snapshot(NamedTuple):
    """A state, and the judgement after which it was."""

    position: GatherOrder
    state: bytes


def keep_snapshots(
    connection: Connection,
    policy_hash: str,
    after: GatherOrder,
    snapshots: Sequence[Snapshot],
    most: int,
) -> None:
    """Keep states in place of all that stood after ``after``, the ``most`` last of all."""
    at_us = gathering_snapshots.c.known_us
    connection.execute(delete(gathering_snapshots).where(at_us > after[0]))
    if not snapshots:
        return
    # The first may be the state at ``after`` itself.
    connection.execute(delete(gathering_snapshots).where(at_us == snapshots[0].position[0]))
    for (known_us, identity, subject), state in snapshots[-most:]:
        row = {"known_us": known_us, "identity": identity, "subject": subject, "state": state}
        connection.execute(insert(gathering_snapshots).values(policy_hash=policy_hash, **row))
    kept = select(gathering_snapshots.c.known_us).order_by(gathering_snapshots.c.known_us.desc())
    times = connection.execute(kept.limit(most)).scalars().all()
    old = gathering_snapshots.c.known_us < min(times)
    connection.execute(delete(gathering_snapshots).where(old))


def snapshot_before(connection: Connection, policy_hash: str, known_us: int) -> Snapshot | None:
    """The last state that no judgement known from ``known_us`` on has touched."""
    query = select(gathering_snapshots).where(
        gathering_snapshots.c.known_us < known_us,
        gathering_snapshots.c.policy_hash == policy_hash,
    )
    ordered = query.order_by(gathering_snapshots.c.known_us.desc()).limit(1)
    row = connection.execute(ordered).one_or_none()
    if row is None:
        return None
    return Snapshot((row.known_us, row.identity, row.subject), row.state)


def iterate(connection: Connection, after: GatherOrder, until_us: int) -> Iterator[Judgement]:
    """Judgements in order, a page at a time."""
    while page := judgements_after(connection, after, until_us, 1000):
        yield from page
        after = page[-1].order
