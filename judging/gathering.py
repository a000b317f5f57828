"""From judged events to what gathering takes: each signal at the time it was known."""

from collections.abc import Iterator

from cases.judgement import Judgement
from judging.units import Unit
from judging.windows import Known


def judgements_of(unit: Unit) -> Iterator[Judgement]:
    """What holds of an event, split by when it was known; nothing where nothing is to be said."""
    if unit.trade is not None:
        known, trade = unit.trade
        yield Judgement(
            known_us=known.at_us,
            known_by=known.by,
            identity=unit.identity,
            subject=unit.subject,
            trade=trade,
        )
    times: dict[Known, list[int]] = {}
    for index, known in enumerate(unit.known):
        times.setdefault(known, []).append(index)
    for told in (unit.sighting, unit.moved):
        if told is not None:
            times.setdefault(told[0], [])
    for known, indices in times.items():
        yield Judgement(
            known_us=known.at_us,
            known_by=known.by,
            identity=unit.identity,
            subject=unit.subject,
            signals=tuple(unit.signals[index] for index in indices),
            sighting=unit.sighting[1] if unit.sighting and unit.sighting[0] == known else None,
            movement=unit.moved[1] if unit.moved and unit.moved[0] == known else None,
        )
