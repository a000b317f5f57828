"""Judging in columns: the places of many events are held against their areas together."""

import math
from collections.abc import Sequence

from msgspec.structs import replace

from geo.rows import judge_rows
from registry import Registry
from registry.model import Territory
from rules.model import Outcome, PlaceQuestion, PlaceVerdict, Said

WORDS = {1: "inside", 0: "uncertain", -1: "outside"}


def answer(batches: Sequence[Sequence[Outcome]], registry: Registry) -> list[list[Said]]:
    """Findings and sightings of each batch of outcomes, every question of place answered.

    All areas are asked in one call, which costs far more than a place.
    """
    questions = {
        id(outcome): outcome
        for outcomes in batches
        for outcome in outcomes
        if isinstance(outcome, PlaceQuestion)
    }
    verdicts = _verdicts(list(questions.values()), registry) if questions else []
    answers = {
        mark: question.answer(verdict)
        for (mark, question), verdict in zip(questions.items(), verdicts, strict=True)
    }
    return [_said(outcomes, answers) for outcomes in batches]


def _said(outcomes: Sequence[Outcome], answers: dict[int, Sequence[Said]]) -> list[Said]:
    said: list[Said] = []
    for outcome in outcomes:
        if isinstance(outcome, PlaceQuestion):
            said += answers[id(outcome)]
        else:
            said.append(outcome)
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
        PlaceVerdict(WORDS[code], share, math.nan, None)
        for code, share in zip(found.code.tolist(), found.probability_inside.tolist(), strict=True)
    ]
    outside = [index for index, verdict in enumerate(verdicts) if verdict.verdict == "outside"]
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
