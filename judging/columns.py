"""Judging in columns: the places of many events are held against their areas together."""

import math
from collections.abc import Iterable, Sequence

from geo.area import Area
from geo.verdict import judge_columns
from registry import Registry
from rules.model import AreaRef, Finding, Outcome, PlaceQuestion, PlaceVerdict


def answer(batches: Sequence[Sequence[Outcome]], registry: Registry) -> list[list[Finding]]:
    """Findings of each batch of outcomes, every question of place answered.

    Areas are asked once each for all their places: a call costs far more than a place.
    """
    by_area: dict[AreaRef, dict[int, PlaceQuestion]] = {}
    for outcomes in batches:
        for outcome in outcomes:
            if isinstance(outcome, PlaceQuestion):
                by_area.setdefault(outcome.area, {})[id(outcome)] = outcome
    answers: dict[int, Finding | None] = {}
    for key, questions in by_area.items():
        verdicts = _verdicts(registry.places.area(key), list(questions.values()))
        for (mark, question), verdict in zip(questions.items(), verdicts, strict=True):
            answers[mark] = question.answer(verdict)
    return [list(_findings(outcomes, answers)) for outcomes in batches]


def _findings(
    outcomes: Sequence[Outcome], answers: dict[int, Finding | None]
) -> Iterable[Finding]:
    for outcome in outcomes:
        if isinstance(outcome, Finding):
            yield outcome
        elif (finding := answers[id(outcome)]) is not None:
            yield finding


def _verdicts(area: Area | None, questions: list[PlaceQuestion]) -> list[PlaceVerdict]:
    places = [question.place for question in questions]
    if area is None:
        return [
            PlaceVerdict("uncertain" if place.source == "ip" else "outside", 0.0, math.nan)
            for place in places
        ]
    verdicts = judge_columns(
        area,
        [place.lon for place in places],
        [place.lat for place in places],
        accuracy_m=[place.accuracy_m for place in places],
        level=[place.level for place in places],
        source=[place.source for place in places],
        crs=[place.crs for place in places],
    )
    return [PlaceVerdict(v.verdict, v.probability_inside, v.distance_m) for v in verdicts]
