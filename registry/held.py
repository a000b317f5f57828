"""What held at one time, as known at another: the registry's answer to a question of record."""

from typing import Any, NamedTuple

from registry.authority import Authority, TerritoryVersion, Window


class Held(NamedTuple):
    """Where a dealer might sell a product then.

    ``places`` are alternatives; each is a list of unions of territory versions that must all hold
    the place (more than one where a parent's area limits a sub-dealer's). None: never given any.
    """

    dealer_id: str
    gtin: str
    authorisations: tuple[tuple[str, str], ...]
    permits: tuple[str, ...]
    places: tuple[tuple[tuple[TerritoryVersion, ...], ...], ...] | None

    def as_dict(self) -> dict[str, Any]:
        """The answer as ``registry at`` prints it."""
        return {
            "dealer_id": self.dealer_id,
            "gtin": self.gtin,
            "authorisations": [
                {"dealer_id": dealer, "authorisation_id": row_id}
                for dealer, row_id in self.authorisations
            ],
            "permits": list(self.permits),
            "places": None if self.places is None else [
                [[{"territory_id": t, "version": v} for t, v in union] for union in clause]
                for clause in self.places
            ],
        }  # fmt: skip


def held_at(authority: Authority, dealer_id: str, gtin: str, at_us: int, known_us: int) -> Held:
    """What held at ``at_us`` for goods received then, from rows recorded by ``known_us``."""
    authorised, permits = authority.in_force(dealer_id, gtin, at_us, known_us)
    return Held(
        dealer_id=dealer_id,
        gtin=gtin,
        authorisations=tuple((dealer, grant.row_id) for dealer, grant in authorised),
        permits=tuple(grant.row_id for grant in permits),
        places=authority.where(dealer_id, gtin, Window(at_us, at_us, at_us), known_us),
    )
