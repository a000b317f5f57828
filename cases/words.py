"""What a finding calls the dealer and the territory that its facts name: by their names."""

from collections.abc import Mapping
from typing import Any

from registry import Registry


def names_in(facts: Mapping[str, Any], registry: Registry, known_us: int) -> dict[str, str]:
    """Values for a card's words, as known at that time: ``dealer``, and ``where`` in both
    languages. What the registry has no name for goes by its id."""
    words = {}
    dealer_id, territory_id = facts.get("dealer_id"), facts.get("territory_id")
    if dealer_id is not None:
        dealer = registry.dealer(dealer_id, known_us)
        words["dealer"] = dealer_id if dealer is None else dealer.name
    if territory_id is None:
        return words | {"where_en": "no known territory", "where_zh": "未知区域"}
    name = registry.places.name_of(territory_id, known_us) or territory_id
    return words | {"where_en": name, "where_zh": name}
