"""What is to be said when rows are entered: overlaps and possible restraints that they bring."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from registry.known import Recorded, recorded_us
from registry.overlaps import MIN_SHARE, Overlap, overlaps
from registry.restraints import Caution, Restraints, cautions_of
from registry.rows import RegistryRows


class Findings(NamedTuple):
    """Both kinds; neither keeps a row out by itself."""

    overlaps: list[Overlap]
    cautions: list[Caution]

    def as_dicts(self) -> list[dict[str, Any]]:
        """All of them as the command line prints them."""
        return [
            *(overlap.as_dict() for overlap in self.overlaps),
            *(caution.as_dict() for caution in self.cautions),
        ]


def entered(
    before: RegistryRows,
    after: RegistryRows,
    table: Restraints,
    *,
    min_share: float = MIN_SHARE,
) -> Findings:
    """What the rows that are in ``after`` and were not in ``before`` bring.

    An authorisation counts as entered, too, where its territory or its dealer changed.
    """
    # Versions are never edited, so that a known one need not be compared.
    known = {(row.territory_id, row.version) for row in before.territories}
    now = {(row.territory_id, row.version) for row in after.territories}
    territories = {territory_id for territory_id, _ in now - known}
    dealers = _changed(before.dealers, after.dealers, lambda row: row.dealer_id)
    products = _changed(before.products, after.products, lambda row: row.gtin)
    own = _changed(before.authorisations, after.authorisations, lambda row: row.authorisation_id)
    touched = own | {
        row.authorisation_id
        for row in after.authorisations
        if row.dealer_id in dealers or not territories.isdisjoint(row.territory_ids)
    }
    permits = _changed(before.permits, after.permits, lambda row: row.permit_id)
    return Findings(
        overlaps(after, touched, min_share=min_share),
        cautions_of(table, after, own | permits, products),
    )


def whole(rows: RegistryRows, table: Restraints, *, min_share: float = MIN_SHARE) -> Findings:
    """What is to be said of all rows as last known."""
    return entered(RegistryRows(), rows, table, min_share=min_share)


Row = TypeVar("Row", bound=Struct)


def _changed(before: Iterable[Row], after: Iterable[Row], key: Callable[[Row], str]) -> set[str]:
    """Keys of rows that are new, or last recorded with other content."""
    was, now = _newest(before, key), _newest(after, key)
    return {k for k, content in now.items() if was.get(k) != content}


def _newest(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, bytes]:
    in_turn = sorted(rows, key=_recorded)
    newest = {key(row): row for row in in_turn}
    return {
        k: msgspec.json.encode(replace(row, recorded_at=None), order="sorted")
        for k, row in newest.items()
    }


def _recorded(row: Recorded | Struct) -> int:
    return recorded_us(row)  # type: ignore[arg-type]
