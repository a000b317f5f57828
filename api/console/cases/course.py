"""The course of the leak test over time, as a picture: no script, no foreign resource."""

from collections.abc import Sequence
from html import escape
from typing import Any

from events.timed import from_microseconds

WIDTH, HEIGHT = 560.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 12.0, 12.0, 26.0
_LEAST_APART = 20.0
"""Below that two labels at the side run into each other on a phone."""


def course_svg(facts: dict[str, Any], label: str) -> str:
    """An SVG of ``facts["course"]`` (pairs of microseconds and decimal logarithm of the evidence)
    with the threshold; empty where there is no course."""
    course = facts.get("course")
    threshold = facts.get("threshold")
    if not isinstance(course, list) or len(course) < 2 or not isinstance(threshold, int | float):
        return ""
    points = [(float(at_us), float(value)) for at_us, value in course]
    plot = _Plot(points, float(threshold))
    line = " ".join(f"{plot.x(at):.1f},{plot.y(value):.1f}" for at, value in points)
    level = plot.y(float(threshold))
    right = WIDTH - _RIGHT
    return (
        f'<svg class="course" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
        f'aria-label="{escape(label)}">'
        f'<line class="axis" x1="{_LEFT}" y1="{plot.y(plot.low):.1f}" '
        f'x2="{right}" y2="{plot.y(plot.low):.1f}"></line>'
        f'<line class="threshold" x1="{_LEFT}" y1="{level:.1f}" x2="{right}" y2="{level:.1f}">'
        f'</line><polyline class="line-e" points="{line}"></polyline>'
        f"{_words(plot, points, float(threshold))}</svg>"
    )


class _Plot:
    """From values to places in the picture."""

    def __init__(self, points: Sequence[tuple[float, float]], threshold: float) -> None:
        self.first, self.last = points[0][0], max(points[-1][0], points[0][0] + 1.0)
        values = [value for _, value in points]
        self.low, self.high = min(0.0, *values), max(threshold * 1.1, *values, 1.0)

    def x(self, at_us: float) -> float:
        """Across, by time."""
        share = (at_us - self.first) / (self.last - self.first)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Upwards, by the logarithm of the evidence."""
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def _words(plot: _Plot, points: Sequence[tuple[float, float]], threshold: float) -> str:
    """Labels: powers of ten at the side, the first and the last day below."""
    marks = [0.0, float(round(threshold)), float(round(plot.high))]
    if plot.y(marks[1]) - plot.y(marks[2]) < _LEAST_APART:
        del marks[2]
    sides = "".join(
        f'<text x="{_LEFT - 6}" y="{plot.y(value) + 4:.1f}" text-anchor="end">10'
        f'<tspan dy="-4" font-size="8">{value:.0f}</tspan></text>'
        for value in dict.fromkeys(marks)
    )
    days = [f"{from_microseconds(int(at)):%Y-%m-%d}" for at in (points[0][0], points[-1][0])]
    below = (
        f'<text x="{_LEFT}" y="{HEIGHT - 6}">{days[0]}</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{days[1]}</text>'
    )
    return sides + below
