"""Levels of the policy: how strong a signal is, and how sure an alert makes a case."""

from typing import Annotated

from msgspec import Meta, Struct

Share = Annotated[float, Meta(ge=0, le=1)]


class Strengths(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strengths of signals, from 0 to 1. What follows from a probability or a ratio is none of
    these; how a read outside weighs stands with the thresholds."""

    code_invalid: Share = 0.95
    code_unknown_key: Share = 0.85
    code_unknown_serial: Share = 0.9
    code_unknown_product: Share = 0.8
    code_not_reported: Share = 0.4
    """A plant's report that is late is common."""
    code_spoiled: Share = 0.85
    code_lost: Share = 0.9
    hidden_code_reused: Share = 0.6
    """Many who ask again are the same person, or who got the item from that person."""
    code_cloned: Share = 0.93
    codes_copied: Share = 0.95
    item_destroyed: Share = 0.95
    item_disposed: Share = 0.9
    item_inactive: Share = 0.8
    item_stolen: Share = 0.9
    item_recalled: Share = 0.5
    """A recalled item is often scanned by a person who wants to know."""
    item_expired: Share = 0.4
    received_before_shipped: Share = 0.5
    two_containers: Share = 0.7
    unpacked_elsewhere: Share = 0.5
    inside_itself: Share = 0.7
    moved_after_end: Share = 0.8
    sold_twice: Share = 0.6
    made_twice: Share = 0.6
    received_by_wrong_dealer: Share = 0.95
    received_within_family: Share = 0.3
    """A parent that takes in its sub-dealer's goods, or the other way round, is mostly in order."""
    shipment_opened: Share = 0.8
    shipment_opened_overdue: Share = 0.3
    shipment_outside: Share = 0.8
    """Times the probability that the place lies outside."""
    shipment_off_corridor: Share = 0.8
    shipment_off_corridor_far: Share = 0.99
    shipment_stopped: Share = 0.3
    shipment_stopped_long: Share = 0.95
    """Traffic and rest explain an hour; they seldom explain two."""
    tracker_silent: Share = 0.5
    tracker_silent_long: Share = 0.95
    temperature_excursion: Share = 0.6
    temperature_excursion_long: Share = 0.95
    price_below_floor: Share = 0.7
    price_far_below_floor: Share = 0.95
    permit_exceeded: Share = 0.2
    """As weak as one read outside: people travel, and a permit may have been meant wider."""


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sure one alert makes a case; alerts of which nothing is said weigh as their signal is
    strong. Those of transport are meant for a strength of 0.8."""

    sure: Share = 0.93
    """A case by itself."""
    doubtful: Share = 0.4
    """Travel that only a phone's clock makes impossible; a hidden code asked for again."""
    shipment_outside: Share = 0.85
    shipment_opened: Share = 0.7
    shipment_off_corridor: Share = 0.75
    shipment_stopped: Share = 0.6
    tracker_silent: Share = 0.8
    forged: Share = 0.7
    forged_nowhere: Share = 0.6
    """The same, read where nobody says."""
