"""Reminders of cases: taken as steps by the service itself, when time has passed a deadline."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, Engine, select

from cases.reminders import reminders
from cases.steps import OPEN, Remind
from store.case_steps import lock, read_steps, take_by_system
from store.schema.cases import case_standings, cases
from store.transactions import reading


def remind(engine: Engine, now_us: int, salt: Callable[[int], bytes]) -> int:
    """Remind of what is due by now; returns of how many deadlines.

    Only cases that are open and hold are looked at, which are few; each in a transaction of its
    own, since people work on them meanwhile.
    """
    with reading(engine) as connection:
        waiting = [case_id for case_id in _open(connection) if _due(connection, case_id, now_us)]
    count = 0
    for case_id in waiting:
        with engine.begin() as connection:
            lock(connection, case_id)
            for step in _due(connection, case_id, now_us):
                take_by_system(connection, case_id, step, at_us=now_us, salt=salt)
                count += 1
    return count


def _open(connection: Connection) -> list[str]:
    joined = cases.outerjoin(case_standings, case_standings.c.case_id == cases.c.case_id)
    state = case_standings.c.state
    query = select(cases.c.case_id).select_from(joined).where(cases.c.holds)
    return list(connection.execute(query.where(state.is_(None) | state.in_(OPEN))).scalars())


def _due(connection: Connection, case_id: str, now_us: int) -> list[Remind]:
    query = select(cases.c.body, cases.c.opened_us).where(cases.c.case_id == case_id)
    body, opened_us = connection.execute(query).one()
    steps = [one.taken for one in read_steps(connection, case_id)]
    return reminders(msgspec.json.decode(body), opened_us, steps, now_us)
