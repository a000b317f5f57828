"""Order and time: which events an event is judged from, and what comes of news that is late.

Event e is judged from the events of its subject that were received before
``e.received_at + lateness``, in order of event time, then identity. What is received later
corrects: the judgement is made again as of that arrival, and what is new in it is added (DESIGN,
'Order and time'). All is a function of the set of events; the order of arrival plays no part.
"""

from collections.abc import Hashable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from events.identity import Identity
from events.timed import Timed, by_order
from judging.revisions import Order
from rules.model import Outcome

S = TypeVar("S")
NEVER = 2**63
Heard = tuple[Timed[Any], Sequence[Outcome]]
"""An event that is judged itself, and what the rules say of it."""
Said = dict[Identity, Sequence[Outcome]]
Late = list[tuple[int, Timed[Any], bool]]
"""Where in the order, the event, and whether it is an error declaration."""
_arrival = attrgetter("received_us", "identity")


class Fold(Protocol[S]):
    """How one kind of subject is folded."""

    def initial(self) -> S:
        """The state before the first event."""

    def run(self, state: S, moments: Sequence[Timed[Any]]) -> tuple[S, list[Heard]]:
        """The state after events that are in order, and what the rules say of each that is judged
        itself."""

    def voids(self, moments: Sequence[Timed[Any]]) -> list[Identity | None]:
        """Of each event the one that it takes back, if it is an error declaration."""


class Known(NamedTuple):
    """When a judgement is known: the latest arrival among what it rests on, and whose it was."""

    at_us: int
    by: Identity


class Variant(Struct, frozen=True, gc=False):
    """What the rules say of an event, as known once ``cause`` had come; None: within the window."""

    cause: Identity | None
    outcomes: Sequence[Outcome]
    known: Known


class Draft(Struct, frozen=True, gc=False):
    """One judged event with its variants, the one within the window first."""

    moment: Timed[Any]
    variants: tuple[Variant, ...]


class Judged(NamedTuple, Generic[S]):
    """Drafts in order, of all events of which anything may be said; the state after all events,
    where the last of these stands in the order, and the latest arrival."""

    state: S
    drafts: list[Draft]
    last: Order | None
    newest: Known


def judge(fold: Fold[S], moments: Iterable[Timed[Any]], lateness_us: int) -> Judged[S]:
    """Judge every event of one subject. Cost: one pass, and one more for each set of late news."""
    ordered = sorted(moments, key=by_order)
    voids = fold.voids(ordered)
    state, heard = _pass(fold, ordered, voids)
    known = _known_in_time(ordered, lateness_us)
    if known is None or any(voids):
        late = _latecomers(ordered, voids, lateness_us)
        drafts = list(_drafts(fold, ordered, _said(heard), late, lateness_us))
    else:
        drafts = [
            Draft(moment, (Variant(None, outcomes, Known(*known[moment.identity])),))
            for moment, outcomes in heard
        ]
    newest = max(map(_arrival, ordered), default=(0, ""))
    return Judged(state, drafts, ordered[-1].order if ordered else None, Known(*newest))


def _known_in_time(
    ordered: Sequence[Timed[Any]], lateness_us: int
) -> dict[Identity, tuple[int, Identity]] | None:
    """When each event is known where nothing was late for one behind it, which is nearly always;
    None where something was."""
    known: dict[Identity, tuple[int, Identity]] = {}
    newest_us, newest_by = 0, ""
    for moment in ordered:
        identity, received_us = moment.identity, moment.received_us
        if received_us > newest_us or (received_us == newest_us and identity > newest_by):
            newest_us, newest_by = received_us, identity
        elif newest_us >= received_us + lateness_us:
            return None
        known[identity] = (newest_us, newest_by)
    return known


def _said(heard: Iterable[Heard]) -> Said:
    return {moment.identity: outcomes for moment, outcomes in heard}


def _drafts(
    fold: Fold[S], ordered: Sequence[Timed[Any]], said: Said, late: Late, lateness_us: int
) -> Iterable[Draft]:
    passes: dict[Hashable, Said] = {frozenset(): said}
    newest = (0, "")
    for position, moment in enumerate(ordered):
        newest = max(newest, (moment.received_us, moment.identity))
        if moment.identity not in said:
            continue
        if not late:
            yield Draft(moment, (Variant(None, said[moment.identity], Known(*newest)),))
            continue
        news = [
            other
            for index, other, takes_back in late
            if (index < position or takes_back)
            and other.received_us >= moment.received_us + lateness_us
        ]
        variants = tuple(
            Variant(
                cause,
                _said_without(fold, ordered, missing, passes)[moment.identity],
                _known(ordered[: position + 1], news, missing) if news else Known(*newest),
            )
            for cause, missing in _stages(news, lateness_us)
        )
        yield Draft(moment, variants)


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
    fold: Fold[S], ordered: Sequence[Timed[Any]], voids: Sequence[Identity | None]
) -> tuple[S, list[Heard]]:
    voided = {taken for taken in voids if taken is not None}
    if voided:
        ordered = [
            moment
            for moment, taken in zip(ordered, voids, strict=True)
            if taken is None and moment.identity not in voided
        ]
    return fold.run(fold.initial(), ordered)


def _latecomers(
    ordered: Sequence[Timed[Any]], voids: Sequence[Identity | None], lateness_us: int
) -> Late:
    """Events that came too late for at least one event behind them; usually none."""
    earliest = min([moment.received_us for moment in ordered], default=0)
    late = []
    earliest_behind = NEVER
    for index in range(len(ordered) - 1, -1, -1):
        moment, takes_back = ordered[index], voids[index] is not None
        received_us = moment.received_us
        if received_us >= (earliest if takes_back else earliest_behind) + lateness_us:
            late.append((index, moment, takes_back))
        if received_us < earliest_behind:
            earliest_behind = received_us
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
    passes: dict[Hashable, Said],
) -> Said:
    if missing not in passes:
        known = [moment for moment in ordered if moment.identity not in missing]
        passes[missing] = _said(_pass(fold, known, fold.voids(known))[1])
    return passes[missing]
