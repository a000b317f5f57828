"""Erasing where consumers were and which visit it was, out of stored scans.

After the promised time, or because somebody asks. The scan itself stays, at its time, without its
place, and its session under another name that nobody can derive from a visitor any more. What was
judged from it before stands (docs/adr/0023). Each erasure is an evidence entry.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, insert, select, text

from events.identity import Identity
from events.timed import rfc3339
from judging.units import item_key
from store.columns import as_list, rows_of
from store.events import raise_versions
from store.evidence_log import EvidenceLog
from store.evidence_openings import ERASURE_KIND, erasure_entries
from store.evidence_sources import forget
from store.schema.events import erasure_marks
from store.transactions import reading

KEPT_FOR_DAYS = 365
"""What the consumer's page promises."""

AT_ONCE = 400
"""Scans erased in one transaction."""

_MARK = "consumer-scans"
_LOOK_BACK_US = 2 * 86_400 * 1_000_000
"""An earlier arrival may have replaced a scan shortly after the last look."""
_ERASED_SESSION = "erased-"


class Erased(NamedTuple):
    """How many scans lost something, and the entries that say so."""

    scans: int
    entries: list[int]


class _Scan(NamedTuple):
    identity: Identity
    subject: str
    received_us: int
    raw: str


def erase_old(
    engine: Engine, before_us: int, *, now_us: int, entropy: Callable[[int], bytes]
) -> Erased:
    """Erase place and session of every consumer's scan received before ``before_us``."""
    done = Erased(0, [])
    with reading(engine) as conn:
        after = (_mark(conn) - _LOOK_BACK_US, "")
    while True:
        with engine.begin() as conn:
            due = _received(conn, after, before_us)
            done = _sum(done, _erase(conn, due, "retention", now_us, entropy))
        if len(due) < AT_ONCE:
            break
        after = (due[-1].received_us, due[-1].identity)
    with engine.begin() as conn:
        _set_mark(conn, before_us)
    return done


def erase_on_request(
    engine: Engine,
    identities: Collection[Identity],
    items: Collection[str],
    reason: str,
    *,
    now_us: int,
    entropy: Callable[[int], bytes],
) -> Erased:
    """Erase place and session of these scans, and of every consumer's scan of these items."""
    done = Erased(0, [])
    with reading(engine) as conn:
        wanted = _named(conn, identities) + _of_items(conn, items)
    for start in range(0, len(wanted), AT_ONCE):
        with engine.begin() as conn:
            erased = _erase(conn, wanted[start : start + AT_ONCE], reason, now_us, entropy)
        done = _sum(done, erased)
    return done


def erased_among(conn: Connection, identities: Collection[Identity]) -> set[Identity]:
    """Which of these events were erased."""
    if not identities:
        return set()
    query = text(
        f"SELECT identity FROM event_erasures WHERE identity IN {rows_of(conn, 'identities')}"
    )
    return {row.identity for row in conn.execute(query, {"identities": as_list(identities)})}


def _sum(one: Erased, other: Erased) -> Erased:
    return Erased(one.scans + other.scans, one.entries + other.entries)


_COLUMNS = "SELECT identity, subject, received_us, raw FROM events WHERE kind = 'scan'"


def _received(conn: Connection, after: tuple[int, str], before_us: int) -> list[_Scan]:
    """The next scans in order of arrival, behind ``after``."""
    query = text(
        f"{_COLUMNS} AND received_us < :before AND (received_us > :received_us OR "
        "(received_us = :received_us AND identity > :identity)) "
        "ORDER BY received_us, identity LIMIT :most"
    )
    values = {"before": before_us, "received_us": after[0], "identity": after[1], "most": AT_ONCE}
    return [_Scan(*row) for row in conn.execute(query, values)]


def _named(conn: Connection, identities: Collection[Identity]) -> list[_Scan]:
    query = text(f"{_COLUMNS} AND identity IN {rows_of(conn, 'wanted')} ORDER BY identity")
    return [_Scan(*row) for row in conn.execute(query, {"wanted": as_list(identities)})]


def _of_items(conn: Connection, items: Collection[str]) -> list[_Scan]:
    query = text(f"{_COLUMNS} AND subject IN {rows_of(conn, 'wanted')} ORDER BY identity")
    return [_Scan(*row) for row in conn.execute(query, {"wanted": as_list(items)})]


def _erase(
    conn: Connection,
    scans: Sequence[_Scan],
    reason: str,
    now_us: int,
    entropy: Callable[[int], bytes],
) -> Erased:
    """Erase in the caller's transaction, and log it where there was something to erase."""
    salt = entropy(32)
    changed = {
        scan.identity: fresh for scan in scans if (fresh := without_person(scan.raw, salt))
    }
    if not changed:
        return Erased(0, [])
    for identity, raw in changed.items():
        conn.execute(
            text("UPDATE events SET raw = :raw WHERE identity = :identity"),
            {"raw": raw, "identity": identity},
        )
        conn.execute(
            text(
                "INSERT INTO event_erasures (identity, erased_us) VALUES (:identity, :at) "
                "ON CONFLICT DO NOTHING"
            ),
            {"identity": identity, "at": now_us},
        )
    # What was folded before may hold the place: it is folded again, and never gone on with.
    raise_versions(conn, {item_key(scan.subject) for scan in scans if scan.identity in changed})
    body = {
        "kind": ERASURE_KIND,
        "at": rfc3339(now_us),
        "reason": reason,
        "scans": len(changed),
        "members": ["location", "session"],
    }
    entries = erasure_entries(body, forget(conn, changed.keys()))
    return Erased(len(changed), [one.index for one in EvidenceLog().append(conn, entries)])


def without_person(raw: str, salt: bytes) -> str | None:
    """A consumer's scan without place, its session under another name; None: nothing to erase.

    Scans of one visit keep one name between them, so that counting visits gives what it gave.
    """
    event: dict[str, Any] = msgspec.json.decode(raw)
    session = event.get("session") or ""
    is_named = bool(session) and not session.startswith(_ERASED_SESSION)
    if event.get("reader") != "consumer" or not (is_named or event.get("location")):
        return None
    event.pop("location", None)
    if is_named:
        name = hashlib.sha256(salt + session.encode()).hexdigest()[:32]
        event["session"] = f"{_ERASED_SESSION}{name}"
    return msgspec.json.encode(event).decode()


def _mark(conn: Connection) -> int:
    query = select(erasure_marks.c.received_us).where(erasure_marks.c.name == _MARK)
    return conn.execute(query).scalar() or 0


def _set_mark(conn: Connection, received_us: int) -> None:
    conn.execute(erasure_marks.delete().where(erasure_marks.c.name == _MARK))
    conn.execute(insert(erasure_marks).values(name=_MARK, received_us=received_us))
