"""The lines of ``geo check`` and their answers: fixes against territories, in columns."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, get_args

import msgspec

from geo.borders import Borders
from geo.errors import GeoError
from geo.rows import judge_rows
from geo.territories import Territory, area_of
from geo.verdict import Source

Answer = dict[str, Any]
_WORDS = {1: "inside", 0: "uncertain", -1: "outside"}


class Fix(msgspec.Struct, frozen=True):
    """A line of ``geo check``."""

    territory_ids: list[str]
    lon: float
    lat: float
    accuracy_m: float
    level: float | None = None
    source: str | None = None
    crs: str | None = None


class Judge:
    """Judges fixes against territories, and unions of them, each indexed once."""

    def __init__(self, known: dict[str, Territory]) -> None:
        self._known = known
        self._row = {name: row for row, name in enumerate(known)}
        self._unions: dict[tuple[str, ...], Borders] = {}

    @cached_property
    def _alone(self) -> Borders:
        return Borders([territory.shape for territory in self._known.values()])

    def area_of(self, fix: Fix) -> tuple[str, ...]:
        """The fix's territories, each once, in order.

        Raises:
            GeoError: ``territory-unknown``.
        """
        ids = tuple(sorted(set(fix.territory_ids)))
        detail = "" if ids else "name a territory"
        for name in ids:
            if name not in self._known:
                detail = f"there is no territory {name!r}"
        if detail:
            raise GeoError(detail, field="territory_ids", type="territory-unknown")
        return ids

    def say(self, ids: tuple[str, ...], fixes: Sequence[Fix]) -> list[Answer]:
        """Answers to fixes that are all held against the union ``ids``, or, where that is empty,
        each against its own one territory.
        """
        if ids:
            borders, rows = self._union(ids), [0] * len(fixes)
        else:
            borders, rows = self._alone, [self._row[fix.territory_ids[0]] for fix in fixes]
        sources = ["gnss" if fix.source is None else fix.source for fix in fixes]
        for source in set(sources) - set(get_args(Source)):
            raise GeoError(
                f"{source!r} is no source of a fix", field="source", type="source-unknown"
            )
        found = judge_rows(
            borders,
            rows,
            [f.lon for f in fixes],
            [f.lat for f in fixes],
            accuracy_m=[f.accuracy_m for f in fixes],
            level=[0.68 if f.level is None else f.level for f in fixes],
            source=sources,
            crs=["wgs84" if f.crs is None else f.crs for f in fixes],
            measured="all",
        )
        columns = found.code.tolist(), found.probability_inside.tolist(), found.distance_m.tolist()
        return [
            {
                "verdict": _WORDS[code],
                "probability_inside": round(share, 9),
                "distance_m": round(away, 6) + 0.0 if abs(away) < 1e9 else None,
            }
            for code, share, away in zip(*columns, strict=True)
        ]

    def _union(self, ids: tuple[str, ...]) -> Borders:
        if ids not in self._unions:
            self._unions[ids] = area_of(self._known[name] for name in ids).borders
        return self._unions[ids]
