"""Order and time: which events an event is judged from, and what comes of news that is late.

Event e is judged from the events of its subject that were received before
``e.received_at + lateness``, in order of event time, then identity. What is received later
corrects: the judgement is made again as of that arrival, and what is new in it is added (DESIGN,
'Order and time'). All is a function of the set of events; the order of arrival plays no part.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from events.identity import Identity
from events.timed import Timed
from rules.model import Outcome

S = TypeVar("S")
NEVER = 2**63


class Fold(Protocol[S]):
    """How one kind of subject is folded."""

    def initial(self) -> S:
        """The state before the first event."""

    def step(self, state: S, moment: Timed[Any]) -> tuple[S, Sequence[Outcome] | None]:
        """The state after an event, and what the rules say of it; None: it is not judged itself."""

    def voids(self, moment: Timed[Any]) -> Identity | None:
        """The event that this one takes back, if it is an error declaration."""


class Known(NamedTuple):
    """When a judgement is known: the latest arrival among what it rests on, and whose it was."""

    at_us: int
    by: Identity


class Variant(NamedTuple):
    """What the rules say of an event, as known once ``cause`` had come; None: within the window."""

    cause: Identity | None
    outcomes: Sequence[Outcome]
    known: Known


class Draft(NamedTuple):
    """One judged event with its variants, the one within the window first."""

    moment: Timed[Any]
    variants: tuple[Variant, ...]


class Judged(NamedTuple, Generic[S]):
    """Drafts in order, and the state after all events."""

    state: S
    drafts: list[Draft]


def judge(fold: Fold[S], moments: Iterable[Timed[Any]], lateness_us: int) -> Judged[S]:
    """Judge every event of one subject. Cost: one pass, and one more for each set of late news."""
    ordered = sorted(moments, key=lambda moment: (moment.at_us, moment.identity))
    state, said = _pass(fold, ordered)
    late = _latecomers(fold, ordered, lateness_us)
    passes: dict[Hashable, dict[Identity, Sequence[Outcome]]] = {frozenset(): said}
    drafts = []
    newest = Known(0, "")
    for position, moment in enumerate(ordered):
        newest = max(newest, Known(moment.received_us, moment.identity))
        if moment.identity not in said:
            continue
        news = [
            other
            for index, other in late
            if (index < position or fold.voids(other) is not None)
            and other.received_us >= moment.received_us + lateness_us
        ]
        variants = tuple(
            Variant(
                cause,
                _said_without(fold, ordered, missing, passes)[moment.identity],
                _known(ordered[: position + 1], news, missing) if news else newest,
            )
            for cause, missing in _stages(news, lateness_us)
        )
        drafts.append(Draft(moment, variants))
    return Judged(state, drafts)


def _known(
    until: Sequence[Timed[Any]], news: Sequence[Timed[Any]], missing: frozenset[Identity]
) -> Known:
    """The latest arrival among the events up to one, and what came late for it."""
    return max(
        Known(moment.received_us, moment.identity)
        for moment in (*until, *news)
        if moment.identity not in missing
    )


def _pass(
    fold: Fold[S], ordered: Sequence[Timed[Any]]
) -> tuple[S, dict[Identity, Sequence[Outcome]]]:
    voided = {taken for moment in ordered if (taken := fold.voids(moment)) is not None}
    state = fold.initial()
    said: dict[Identity, Sequence[Outcome]] = {}
    for moment in ordered:
        if voided and (moment.identity in voided or fold.voids(moment) is not None):
            continue
        state, outcomes = fold.step(state, moment)
        if outcomes is not None:
            said[moment.identity] = outcomes
    return state, said


def _latecomers(
    fold: Fold[S], ordered: Sequence[Timed[Any]], lateness_us: int
) -> list[tuple[int, Timed[Any]]]:
    """Events that came too late for at least one event behind them; usually none."""
    earliest = min((moment.received_us for moment in ordered), default=0)
    late = []
    earliest_behind = NEVER
    for index in range(len(ordered) - 1, -1, -1):
        moment = ordered[index]
        limit = earliest if fold.voids(moment) is not None else earliest_behind
        if moment.received_us >= limit + lateness_us:
            late.append((index, moment))
        earliest_behind = min(earliest_behind, moment.received_us)
    return late


def _stages(
    news: list[Timed[Any]], lateness_us: int
) -> Iterable[tuple[Identity | None, frozenset[Identity]]]:
    """What was still missing within the window, and after each late arrival."""
    yield None, frozenset(moment.identity for moment in news)
    for cause in sorted(news, key=lambda moment: (moment.received_us, moment.identity)):
        limit_us = cause.received_us + lateness_us
        yield cause.identity, frozenset(m.identity for m in news if m.received_us >= limit_us)


def _said_without(
    fold: Fold[S],
    ordered: Sequence[Timed[Any]],
    missing: frozenset[Identity],
    passes: dict[Hashable, dict[Identity, Sequence[Outcome]]],
) -> dict[Identity, Sequence[Outcome]]:
    if missing not in passes:
        known = [moment for moment in ordered if moment.identity not in missing]
        passes[missing] = _pass(fold, known)[1]
    return passes[missing]
