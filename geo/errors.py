"""What can be wrong with a place: one error type, its ``type`` slug saying which fault it is."""

from events.errors import TracewardenError


class GeoError(TracewardenError):
    """A coordinate, fix or territory that cannot be used.

    Slugs in use: ``coordinate-not-finite``, ``coordinate-out-of-range``, ``coordinates-swapped``,
    ``null-island``, ``accuracy-invalid``, ``level-invalid``, ``source-unknown``, ``crs-unknown``,
    ``geojson-invalid``, ``topojson-invalid``, ``ring-unclosed``, ``ring-too-short``,
    ``polygon-self-crossing``, ``polygon-empty``, ``polygon-enormous``, ``antimeridian-uncut``,
    ``territory-duplicate``, ``territory-unknown``, ``line-invalid``, ``index-invalid``.
    """

    type = "geo-invalid"
