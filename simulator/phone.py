"""What a phone says of its place: satellite, network and IP fixes, honest ones and others."""

import math
from typing import Any, Literal

from simulator.chance import Chance
from simulator.earth import Place, moved
from simulator.levels import Level

FixSource = Literal["gnss", "network", "ip"]

OVERSTATED_M, OVERSTATED_ERROR_M = 2.0, 300.0
"""Phones that claim the former and are the latter off."""


class Phone:
    """Makes fixes of true places."""

    def __init__(self, level: Level, gateways: list[Place], chance: Chance) -> None:
        self._level, self._gateways, self._chance = level, gateways, chance

    def source(self) -> FixSource | None:
        """How a visitor lets itself be located: many refuse."""
        drawn = self._chance.unit()
        if drawn < 0.35:
            return None
        return "gnss" if drawn < 0.67 else "network" if drawn < 0.80 else "ip"

    def fix(self, place: Place, source: FixSource) -> dict[str, Any]:
        """A fix of a place, as the page reports it."""
        chance = self._chance
        level = 0.95 if chance.happens(0.5) else 0.68
        if source == "gnss":
            if chance.happens(self._level.overstated_fixes):
                return self._reported(place, OVERSTATED_M, OVERSTATED_ERROR_M, level, source)
            accuracy_m = min(3.0 + chance.exponential(12.0), 120.0)
        elif source == "network":
            accuracy_m = min(max(chance.lognormal(250.0, 0.9), 25.0), 6_000.0)
        else:
            accuracy_m = min(max(chance.lognormal(18_000.0, 0.7), 2_000.0), 80_000.0)
            if chance.happens(self._level.gateways):
                place = chance.one_of(self._gateways)
        return self._reported(place, accuracy_m, _sigma_m(accuracy_m, level), level, source)

    def again(self, fix: dict[str, Any]) -> dict[str, Any]:
        """The next fix of the same visit: satellites and cells jitter, an IP address does not."""
        if fix["source"] == "ip":
            return fix
        place = moved(
            Place(fix["lon"], fix["lat"]), 3 * self._chance.normal(), 3 * self._chance.normal()
        )
        return fix | {"lon": round(place.lon, 6), "lat": round(place.lat, 6)}

    def _reported(
        self, place: Place, accuracy_m: float, sigma_m: float, level: float, source: FixSource
    ) -> dict[str, Any]:
        seen = moved(place, sigma_m * self._chance.normal(), sigma_m * self._chance.normal())
        return {
            "lon": round(seen.lon, 6),
            "lat": round(seen.lat, 6),
            "accuracy_m": round(accuracy_m, 1),
            "level": level,
            "source": source,
            "crs": "wgs84",
        }


def _sigma_m(accuracy_m: float, level: float) -> float:
    """The Gaussian's spread on each axis whose radius ``accuracy_m`` holds at ``level``."""
    return accuracy_m / math.sqrt(-2.0 * math.log(1.0 - level))
