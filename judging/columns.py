"""Judging in columns: the places of many events are held against their areas together."""

from collections.abc import Iterator, Sequence
from math import nan

import numpy as np
from msgspec.structs import replace

from geo.rows import judge_rows
from registry import Registry
from registry.model import Territory
from rules.model import Outcome, PlaceQuestion, PlaceVerdict, Said

WORDS = {1: "inside", 0: "uncertain", -1: "outside"}
WHOLLY_INSIDE = PlaceVerdict("inside", 1.0, nan, None)
"""What is said of most fixes."""


def answer(batches: Sequence[Sequence[Outcome]], registry: Registry) -> list[list[Said]]:
    """Findings and sightings of each batch of outcomes, every question of place answered.

    All areas are asked in one call, which costs far more than a place.
    """
    questions = [
        outcome for outcomes in batches for outcome in outcomes if type(outcome) is PlaceQuestion
    ]
    verdicts = iter(_verdicts(questions, registry) if questions else ())
    return [_said(outcomes, verdicts) for outcomes in batches]


def _said(outcomes: Sequence[Outcome], verdicts: Iterator[PlaceVerdict]) -> list[Said]:
    said: list[Said] = []
    for outcome in outcomes:
        if type(outcome) is PlaceQuestion:
            said += outcome.answer(next(verdicts))
        else:
            said.append(outcome)  # type: ignore[arg-type]
    return said


def _verdicts(questions: list[PlaceQuestion], registry: Registry) -> list[PlaceVerdict]:
    # Few areas, each long to hash and asked for by the same object again and again.
    areas = {id(question.area): question.area for question in questions}
    rows = registry.places.rows(areas.values())
    row = {mark: rows.row[area] for mark, area in areas.items()}
    places = [question.place for question in questions]
    found = judge_rows(
        rows.borders,
        [row[id(question.area)] for question in questions],
        [place.lon for place in places],
        [place.lat for place in places],
        accuracy_m=[place.accuracy_m for place in places],
        level=[place.level for place in places],
        source=[place.source for place in places],
        crs=[place.crs for place in places],
    )
    verdicts = [
        WHOLLY_INSIDE if share == 1.0 and code == 1 else PlaceVerdict(WORDS[code], share, nan, None)
        for code, share in zip(found.code.tolist(), found.probability_inside.tolist(), strict=True)
    ]
    outside = np.flatnonzero(found.code == -1).tolist()
    for index, distance_m, territory in zip(
        outside,
        found.distance_m[outside].tolist(),
        _territories([questions[index] for index in outside], registry),
        strict=True,
    ):
        verdicts[index] = replace(verdicts[index], distance_m=distance_m, territory=territory)
    return verdicts


def _territories(
    questions: list[PlaceQuestion], registry: Registry
) -> Sequence[Territory | None]:
    if not questions:
        return []
    places = [question.place for question in questions]
    return registry.smallest_territories(
        [place.lon for place in places],
        [place.lat for place in places],
        [place.crs for place in places],
        [question.at_us for question in questions],
        [question.known_us for question in questions],
    )
