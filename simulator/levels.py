"""How hard a world is to judge: how noisy its people and devices are, and how its culprits hide."""

from dataclasses import dataclass
from typing import Literal

Difficulty = Literal["clean", "standard", "hard"]


@dataclass(frozen=True)
class Level:
    """Shares are probabilities a thing, unless said otherwise."""

    difficulty: Difficulty
    culprits: bool
    """Whether there are any incidents at all."""
    leak_share: tuple[float, float]
    """The share of a diverter's receipts that it leaks, from the incident's start on."""
    leak_distance_m: tuple[float, float]
    leaks_hide: bool
    """Whether a diverter reports sales at its own outlets for what it leaks, and mixes cases."""
    travellers: float
    gifts: float
    overstated_fixes: float
    """Satellite fixes that claim 2 m and are some 300 m off."""
    gateways: float
    """IP fixes at the gateway city of a mobile carrier."""
    wrong_clocks: float
    late: float
    very_late: float
    """Later than the recording's lateness allows for."""
    doubled: float
    late_custody: float
    """Consignments whose receipt is reported only after some of their items were scanned."""


LEVELS: dict[Difficulty, Level] = {
    "clean": Level(
        "clean",
        culprits=False,
        leak_share=(0, 0),
        leak_distance_m=(0, 0),
        leaks_hide=False,
        travellers=0.03,
        gifts=0.02,
        overstated_fixes=0.01,
        gateways=0.25,
        wrong_clocks=0.004,
        late=0.03,
        very_late=0.002,
        doubled=0.004,
        late_custody=0.02,
    ),
    "standard": Level(
        "standard",
        culprits=True,
        leak_share=(0.35, 0.6),
        leak_distance_m=(150e3, 900e3),
        leaks_hide=False,
        travellers=0.03,
        gifts=0.02,
        overstated_fixes=0.01,
        gateways=0.25,
        wrong_clocks=0.004,
        late=0.03,
        very_late=0.002,
        doubled=0.004,
        late_custody=0.02,
    ),
    "hard": Level(
        "hard",
        culprits=True,
        leak_share=(0.08, 0.2),
        leak_distance_m=(80e3, 350e3),
        leaks_hide=True,
        travellers=0.05,
        gifts=0.035,
        overstated_fixes=0.03,
        gateways=0.4,
        wrong_clocks=0.012,
        late=0.08,
        very_late=0.008,
        doubled=0.015,
        late_custody=0.08,
    ),
}
