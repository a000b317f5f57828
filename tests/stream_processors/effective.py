"""What a writer keeps of a pipeline's judgements: of each event what the highest revision says."""

from collections.abc import Iterable

from cases.judgement import Judgement as Gathered
from judging.gathering import judgements_of
from judging.revisions import Floors
from judging.units import Unit
from rules.signal import as_json
from stream_processors.pipeline import Judgement


class EffectiveSet:
    """Keeps what counts, in whatever order judgements come."""

    def __init__(self) -> None:
        self._floors: dict[str, Floors] = {}
        self._units: dict[str, list[tuple[int, Unit]]] = {}

    def take(self, judgements: Iterable[Judgement]) -> None:
        """Take judgements as they come off the bus."""
        for judgement in judgements:
            floors = self._floors.setdefault(judgement.subject, Floors())
            floors.add(judgement.since, judgement.revision)
            held = self._units.get(judgement.subject, [])
            held += [(judgement.revision, unit) for unit in judgement.units]
            self._units[judgement.subject] = [
                (revision, unit) for revision, unit in held if floors.counts(unit.order, revision)
            ]

    def gathered(self) -> list[Gathered]:
        """What the second stage takes of all that counts."""
        units = (unit for units in self._units.values() for _, unit in units)
        return [judged for unit in units for judged in judgements_of(unit)]

    def signals(self) -> list[dict[str, object]]:
        """Effective signals in the form and order of ``signals.jsonl``."""
        held = {
            signal.signal_id: signal
            for units in self._units.values()
            for _, unit in units
            for signal in unit.signals
        }
        return [as_json(signal) for signal in sorted(held.values(), key=lambda s: s.order)]
