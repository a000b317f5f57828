"""A bundle's report as data, in one language: what the HTML and the PDF both show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Polygons as rings of (lon, lat), on WGS-84; ``authorised`` is where the dealer may sell."""

    rings: Sequence[Sequence[tuple[float, float]]]
    kind: Literal["authorised", "outline"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A place, with the radius of its accuracy; ``number`` is its moment in the timeline."""

    lon: float
    lat: float
    radius_m: float
    number: int


@dataclass(frozen=True, slots=True)
class Map:
    """What is drawn, and the words for it."""

    shapes: Sequence[Shape]
    dots: Sequence[Dot]
    legend: tuple[str, str, str]
    """The dealer's area, other territories, places of events."""
    about: str


@dataclass(frozen=True, slots=True)
class Table:
    """A head and rows; columns of hashes are set small."""

    head: Row
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it, in this order."""

    title: str
    paragraphs: Sequence[str] = ()
    points: Sequence[str] = ()
    table: Table | None = None
    map: Map | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report in one language."""

    language: Literal["en", "zh"]
    title: str
    subtitle: str
    sections: Sequence[Section] = field(default_factory=tuple)
