"""What the list of cases is narrowed to, from the page's address, and back."""

from typing import get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from cases.steps import State
from store.case_views import SORTS, CaseFilter

STATES: tuple[str, ...] = ("open", *get_args(State))
_MOST = 50
_LONGEST = 200


def filter_of(query: QueryParams) -> CaseFilter:
    """``state``, ``kind``, ``tier``, ``dealer`` and ``territory`` any number of times, and once
    ``assignee``, ``q`` and ``sort``. What is not known narrows nothing. Without any: open cases."""
    states = tuple(state for state in STATES if state in query.getlist("state"))
    if "state" not in query:
        states = ("open",)
    return CaseFilter(
        states=states,
        kinds=_several(query, "kind"),
        tiers=tuple(int(tier) for tier in _several(query, "tier") if tier in ("1", "2", "3")),
        dealers=_several(query, "dealer"),
        territories=_several(query, "territory"),
        assignee=query.get("assignee", "")[:_LONGEST],
        text=query.get("q", "").strip()[:_LONGEST],
        sort=query.get("sort", "") if query.get("sort") in SORTS else "tier",
    )


def _several(query: QueryParams, name: str) -> tuple[str, ...]:
    return tuple(sorted({value for value in query.getlist(name) if value}))[:_MOST]


def query_of(narrowed: CaseFilter) -> str:
    """The address's query; leads to the same list again."""
    pairs = [("state", state) for state in narrowed.states or ("",)]
    pairs += [("kind", kind) for kind in narrowed.kinds]
    pairs += [("tier", str(tier)) for tier in narrowed.tiers]
    pairs += [("dealer", dealer) for dealer in narrowed.dealers]
    pairs += [("territory", territory) for territory in narrowed.territories]
    once = (("assignee", narrowed.assignee), ("q", narrowed.text), ("sort", narrowed.sort))
    return urlencode(pairs + [(name, value) for name, value in once if value])
