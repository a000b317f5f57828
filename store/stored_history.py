"""``judging.History`` over what is stored: events by what they are about."""

from collections.abc import Collection
from functools import lru_cache

import msgspec
from sqlalchemy import Connection, text

from custody import Role, Step
from events.identity import Identity
from events.model import Offer, Order, Position, Scan
from events.timed import Timed
from events.wire import decode_event
from store.columns import as_list, lists_by, rows_of
from store.engine import is_sqlite

_step_decoder = msgspec.json.Decoder(Step)
_touches_decoder = msgspec.json.Decoder(list[tuple[str, list[tuple[Role, str]]]])


@lru_cache(maxsize=16_384)
def _step_of(raw: str) -> Step:
    """The step of its text. What happens to a case is read again with each of its items: decoding
    costs many times what looking does, and the very same step compares with itself at once."""
    return _step_decoder.decode(raw)


class StoredHistory:
    """``judging.History`` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._now_us: int | None = None

    def scans_of(self, items: Collection[str]) -> dict[str, list[Timed[Scan]]]:
        """All scans of each item."""
        rows = self._connection.execute(
            text(
                "SELECT subject, identity, happened_us, received_us, raw FROM events "
                f"WHERE kind = 'scan' AND subject IN {rows_of(self._connection, 'items')}"
            ),
            {"items": as_list(items)},
        )
        found: dict[str, list[Timed[Scan]]] = {}
        for subject, identity, at_us, received_us, raw in rows:
            scan: Scan = decode_event(raw)  # type: ignore[assignment]
            found.setdefault(subject, []).append(Timed(identity, at_us, received_us, scan))
        return found

    def steps_of(self, epcs: Collection[str]) -> dict[str, list[tuple[Step, Role]]]:
        """All item events that name each EPC, and its role in them."""
        joined = "group_concat" if is_sqlite(self._connection) else "string_agg"
        touched, raw = self._connection.execute(
            text(
                "WITH named AS (SELECT epc, role, identity FROM touches"
                f" WHERE epc IN {rows_of(self._connection, 'epcs')})"
                f" SELECT ({lists_by(self._connection, 'epc', 'role', 'identity', rows='named')}),"
                f" (SELECT {joined}(step, :newline) FROM item_steps"
                " WHERE identity IN (SELECT identity FROM named))"
            ),
            {"epcs": as_list(epcs), "newline": "\n"},
        ).one()
        # Line by line: a newline within a JSON text is always escaped.
        steps = {step.identity: step for step in map(_step_of, raw.split("\n") if raw else ())}
        return {
            epc: [(steps[identity], role) for role, identity in named]
            for epc, named in _touches_decoder.decode(touched or "[]")
        }

    def contents_of(self, identities: Collection[Identity]) -> dict[Identity, tuple[str, ...]]:
        """What each item event names as put into, or taken out of, a container; in order."""
        rows = self._connection.execute(
            text(
                "SELECT identity, epc FROM touches WHERE role = 'child'"
                f" AND identity IN {rows_of(self._connection, 'identities')} ORDER BY epc"
            ),
            {"identities": as_list(identities)},
        )
        found: dict[Identity, list[str]] = {}
        for identity, epc in rows:
            found.setdefault(identity, []).append(epc)
        return {identity: tuple(epcs) for identity, epcs in found.items()}

    def packings_of(self, epcs: Collection[str]) -> dict[str, list[Step]]:
        """The item events that name each EPC as a container."""
        rows = self._connection.execute(
            text(
                "SELECT t.epc, s.step FROM touches t JOIN item_steps s ON s.identity = t.identity"
                f" WHERE t.role = 'parent' AND t.epc IN {rows_of(self._connection, 'epcs')}"
            ),
            {"epcs": as_list(epcs)},
        )
        found: dict[str, list[Step]] = {}
        for epc, step in rows:
            found.setdefault(epc, []).append(_step_decoder.decode(step))
        return found

    def trade_of(self, identities: Collection[Identity]) -> list[Timed[Order | Offer]]:
        """These orders and offers."""
        rows = self._connection.execute(
            text(
                "SELECT identity, happened_us, received_us, raw FROM events "
                f"WHERE identity IN {rows_of(self._connection, 'identities')}"
            ),
            {"identities": as_list(identities)},
        )
        found: list[Timed[Order | Offer]] = []
        for identity, at_us, received_us, raw in rows:
            event: Order | Offer = decode_event(raw)  # type: ignore[assignment]
            found.append(Timed(identity, at_us, received_us, event))
        return found

    def now_us(self) -> int:
        """The largest arrival of any event or tick; 0 where there is none."""
        if self._now_us is None:
            newest = self._connection.execute(text("SELECT max(received_us) FROM events")).scalar()
            self._now_us = int(newest or 0)
        return self._now_us

    def positions_of(self, tracker_id: str, from_us: int, to_us: int) -> list[Timed[Position]]:
        """The tracker's fixes in ``[from_us, to_us)``."""
        rows = self._connection.execute(
            text(
                "SELECT identity, happened_us, received_us, raw FROM events WHERE kind = 'position'"
                " AND subject = :tracker AND happened_us >= :begin AND happened_us < :end"
            ),
            {"tracker": tracker_id, "begin": from_us, "end": to_us},
        )
        found: list[Timed[Position]] = []
        for identity, at_us, received_us, raw in rows:
            position: Position = decode_event(raw)  # type: ignore[assignment]
            found.append(Timed(identity, at_us, received_us, position))
        return found
