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
    if unit.sighting is not None:
        times.setdefault(unit.sighting[0], [])
    for known, indices in times.items():
        is_seen = unit.sighting is not None and unit.sighting[0] == known
        yield Judgement(
            known_us=known.at_us,
            known_by=known.by,
            identity=unit.identity,
            subject=unit.subject,
            signals=tuple(unit.signals[index] for index in indices),
            sighting=unit.sighting[1] if is_seen and unit.sighting else None,
        )
