"""Cases as the console lists and shows them: what judging says, joined with where people stand."""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Engine, Select, String, case, cast, func, or_, select

from cases.steps import OPEN
from store.schema.cases import case_questions, case_standings, cases
from store.transactions import reading

_STATE = func.coalesce(case_standings.c.state, "new")
_JOINED = cases.outerjoin(case_standings, case_standings.c.case_id == cases.c.case_id)


class CaseRow(NamedTuple):
    """A case: ``body`` is its published form without its alerts (``store.case_alerts``), ``state``
    and ``assignee`` say where people stand."""

    case_id: str
    change: int
    holds: bool
    made_by_hand: bool
    evidence_seq: int | None
    state: str
    assignee: str | None
    silent_until_us: int | None
    steps: int
    alerts: int
    body: dict[str, Any]


_CASE = (
    cases.c.case_id,
    cases.c.change,
    cases.c.holds,
    cases.c.made_by_hand,
    cases.c.evidence_seq,
    _STATE.label("state"),
    case_standings.c.assignee,
    case_standings.c.silent_until_us,
    func.coalesce(case_standings.c.steps, 0).label("steps"),
    cases.c.alerts,
    cases.c.body,
)


class CaseFilter(NamedTuple):
    """What the list is narrowed to; empty members narrow nothing.

    ``states`` may hold ``open`` for all that wait for somebody. ``assignee`` ``-`` means nobody's.
    ``text`` is looked for in the ids of case, dealer and territory; ``named_dealers`` and
    ``named_territories`` are those whose names hold it, which only the registry knows.
    """

    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tiers: tuple[int, ...] = ()
    dealers: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    assignee: str = ""
    text: str = ""
    sort: str = "tier"
    named_dealers: tuple[str, ...] = ()
    named_territories: tuple[str, ...] = ()

    def narrow(self, query: Select[Any]) -> Select[Any]:
        """The query with these conditions."""
        for condition in self._conditions():
            query = query.where(condition)
        return query

    def _conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [
            column.in_(values)
            for column, values in (
                (cases.c.kind, self.kinds),
                (cases.c.tier, self.tiers),
                (cases.c.dealer_id, self.dealers),
                (cases.c.territory_id, self.territories),
            )
            if values
        ]
        if self.states:
            named = {state for state in self.states if state != "open"}
            named |= OPEN if "open" in self.states else set()
            # What judging takes back is not to be worked on, but stays to be found.
            found.append(_STATE.in_(named))
            if self.states == ("open",):
                found.append(cases.c.holds)
        if self.assignee:
            whose = case_standings.c.assignee
            found.append(whose.is_(None) if self.assignee == "-" else whose == self.assignee)
        if self.text:
            found.append(self._says())
        return found

    def _says(self) -> ColumnElement[bool]:
        return or_(
            _contains(self.text),
            cases.c.dealer_id.in_(self.named_dealers),
            cases.c.territory_id.in_(self.named_territories),
        )


def _contains(text: str) -> ColumnElement[bool]:
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    pattern = f"%{escaped}%"
    columns = (cases.c.case_id, cases.c.dealer_id, cases.c.territory_id)
    return or_(*(cast(column, String).ilike(pattern, escape="\\") for column in columns))


_ORDER: dict[str, tuple[ColumnElement[Any], ...]] = {
    "tier": (cases.c.tier, cases.c.opened_us.desc()),
    "newest": (cases.c.opened_us.desc(),),
    "oldest": (cases.c.opened_us,),
    "sure": (cases.c.confidence.desc(),),
    "money": (func.coalesce(cases.c.exposure, -1).desc(),),
    "state": (_STATE,),
    "dealer": (func.coalesce(cases.c.dealer_id, ""),),
}
SORTS: tuple[str, ...] = tuple(_ORDER)


def _row(row: Any) -> CaseRow:
    return CaseRow(*row)._replace(body=msgspec.json.decode(row.body))


def list_cases(engine: Engine, narrowed: CaseFilter, most: int) -> list[CaseRow]:
    """Cases in the wanted order; ties by id."""
    query = narrowed.narrow(select(*_CASE).select_from(_JOINED))
    order = _ORDER.get(narrowed.sort, _ORDER["tier"])
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(*order, cases.c.case_id).limit(most))
        return [_row(row) for row in rows]


def count_cases(engine: Engine, narrowed: CaseFilter) -> int:
    """How many there are."""
    query = narrowed.narrow(select(func.count()).select_from(_JOINED))
    with reading(engine) as connection:
        return int(connection.execute(query).scalar_one())


def count_by_state(engine: Engine) -> dict[str, int]:
    """How many cases stand where; what judging took back is counted under ``gone``."""
    state = case((cases.c.holds, _STATE), else_="gone")
    query = select(state, func.count()).select_from(_JOINED).group_by(state)
    with reading(engine) as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def find_case(engine: Engine, case_id: str) -> CaseRow | None:
    """The case with this id."""
    query = select(*_CASE).select_from(_JOINED).where(cases.c.case_id == case_id)
    with reading(engine) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _row(row)


class Choices(NamedTuple):
    """What the list can be narrowed to: what occurs."""

    kinds: list[str]
    dealers: list[str]
    territories: list[str]


def choices(engine: Engine) -> Choices:
    """Kinds, dealers and territories of all cases."""
    with reading(engine) as connection:
        found = [
            sorted(
                connection.execute(
                    select(column).where(column.is_not(None)).distinct().limit(2000)
                ).scalars()
            )
            for column in (cases.c.kind, cases.c.dealer_id, cases.c.territory_id)
        ]
    return Choices(*found)


class QuestionRow(NamedTuple):
    """A question put to a dealer."""

    case_id: str
    number: int
    dealer_id: str
    due_us: int
    answered_us: int | None


def questions_to(engine: Engine, dealer_id: str) -> list[QuestionRow]:
    """All questions put to a dealer: those that wait first, by when an answer is due."""
    query = select(case_questions).where(case_questions.c.dealer_id == dealer_id)
    order = (case_questions.c.answered_us.is_not(None), case_questions.c.due_us)
    with reading(engine) as connection:
        return [QuestionRow(*row) for row in connection.execute(query.order_by(*order))]


def find_question(engine: Engine, case_id: str, number: int) -> QuestionRow | None:
    """One question."""
    query = select(case_questions).where(
        case_questions.c.case_id == case_id, case_questions.c.number == number
    )
    with reading(engine) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else QuestionRow(*row)
