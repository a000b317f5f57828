"""The policy: every threshold in one versioned document, with defaults that need no tuning."""

import hashlib
from typing import Annotated

import msgspec
import rfc8785
from msgspec import Meta, Struct

from events.errors import TracewardenError
from registry.policy_levels import Share, Strengths, Weights

Positive = Annotated[float, Meta(gt=0)]


class PolicyError(TracewardenError):
    """A policy that cannot be taken."""

    type = "policy-invalid"


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds in force. Units stand in the names; see ``docs/schemas/policy.json``."""

    version: int = 1
    strengths: Strengths = Strengths()
    weights: Weights = Weights()
    sell_through_days: Annotated[float, Meta(ge=0)] = 90
    """How long goods received before an authorisation's end may still be sold under it."""
    strength_consumer: Share = 0.2
    """Weight of one consumer's scan abroad: travellers, gifts and resale explain most of them."""
    strength_dealer: Share = 0.6
    strength_inspector: Share = 0.8
    strength_sold: Share = 0.25
    """Factor for an item that is known to have been sold to a consumer: people move."""
    travel_speed_mps: Positive = 300.0
    """Faster than this between two scans, after both accuracies are subtracted, is impossible:
    an airliner cruises at 250 m/s, airports and clocks included it is far less."""
    travel_clock_s: Annotated[float, Meta(ge=0)] = 600.0
    """How far two clocks may disagree."""
    travel_min_m: Positive = 50_000.0
    """Shorter distances are never impossible: GNSS errors and cell changes make them."""
    travel_max_accuracy_m: Positive = 20_000.0
    """Fixes coarser than this say nothing of travel."""
    stop_min_s: Positive = 3600.0
    """A tracker at rest this long has stopped; a driver's break is 45 minutes."""
    stop_radius_m: Positive = 300.0
    """Fixes within this radius of the first are one stay."""
    stop_speed_mps: Positive = 2.0
    """Faster than this is passing through."""
    stop_max_gap_s: Positive = 7200.0
    """A longer silence between two fixes proves nothing of the time between them."""
    place_margin_m: Annotated[float, Meta(ge=0)] = 1000.0
    """How far from a planned place a stop still belongs to it."""
    opened_elsewhere_m: Annotated[float, Meta(ge=0)] = 10_000.0
    """A read of a sealed item so far beyond the areas of both ends, and from planned places."""
    opened_clock_s: Positive = 86_400.0
    """A clock that is farther off is not believed where it accuses of an opened shipment."""
    opened_overdue_days: Positive = 10.0
    """A shipment without a plan that has been on its way for longer has arrived unreported."""
    opened_unplanned_days: Positive = 3.0
    """Goods of which no row speaks are on their way for so long after they were shipped; what is
    read later may have arrived unreported."""
    stop_long_s: Positive = 7200.0
    """An unplanned stop this long is a matter of its own, wherever it is."""
    jump_speed_mps: Positive = 40.0
    """No truck is this fast: a fix that it would take that to reach is an error of GPS."""
    corridor_margin_m: Annotated[float, Meta(ge=0)] = 1000.0
    """How far beyond its corridor a truck still keeps to its way."""
    corridor_m: Positive = 5000.0
    """Half the width of a corridor of which the shipment's row says nothing."""
    corridor_fixes: Annotated[int, Meta(ge=1)] = 3
    """So many fixes off it, at least: one is an error of GPS."""
    corridor_min_s: Positive = 1200.0
    """Off its corridor for this long, in fix after fix, a truck has left its way."""
    corridor_far_m: Positive = 15_000.0
    corridor_far_s: Positive = 3600.0
    """So far beyond it for so long: no closed road or jam does that."""
    silence_min_s: Positive = 7200.0
    """Time between two fixes that driving from one to the other does not explain."""
    silence_speed_mps: Positive = 15.0
    """How fast a truck covers the ground between them, breaks included."""
    silence_long_s: Positive = 10_800.0
    """So much of a silence unexplained is grave."""
    silence_handling_s: Annotated[float, Meta(ge=0)] = 21_600.0
    """Goods that have arrived may wait so long until somebody notes their receipt."""
    silence_at_rest_m: Annotated[float, Meta(ge=0)] = 5000.0
    """So near a planned place a truck stands parked, and trackers sleep."""
    excursion_min_s: Positive = 1800.0
    """Goods outside their storage temperature for this long, in fix after fix, have suffered."""
    excursion_long_factor: Annotated[float, Meta(ge=1)] = 2.0
    """So many times longer it is grave."""
    excursion_fixes: Annotated[int, Meta(ge=1)] = 3
    """So many readings outside, at least."""
    excursion_margin_c: Annotated[float, Meta(ge=0)] = 0.5
    """Sensors err by so much."""
    cloned_places: Annotated[int, Meta(ge=2)] = 4
    """One item read in so many places, each far from the others, within ``cloned_days`` is
    several."""
    cloned_days: Positive = 60.0
    cloned_sure_days: Positive = 14.0
    """Within so few days, or in more places, it is sure: who travels all the time gets around, too.
    """
    places_apart_m: Positive = 75_000.0
    """Two places closer than this are one: errands, commuting and errors of fixes lie within."""
    price_tolerance: Share = 0.02
    """An offer this share below the floor price is none: rounding, bundles."""
    price_far_below: Share = 0.05
    """This share below it is grave."""
    order_factor: Positive = 5.0
    """An order so many times the dealer's usual one for the product is abnormal."""
    order_deviations: Positive = 4.5
    """It must lie so many robust deviations above what is usual, too, as orders of all dealers
    scatter."""
    order_over_largest: Annotated[float, Meta(ge=1)] = 2.0
    """And so many times the largest so far."""
    order_history: Annotated[int, Meta(ge=1)] = 4
    """So many orders tell what is usual."""
    leak_level: Annotated[float, Meta(gt=0, lt=1)] = 0.01
    """How probable one false leak may be, over all dealers, destinations and a year."""
    leak_destinations: Annotated[int, Meta(ge=1)] = 100
    """Among so many destinations a dealer's share of the level is divided."""
    leak_margin: Annotated[float, Meta(ge=1)] = 2.0
    """The natural share is taken to be so many times what is expected."""
    leak_least_share: Annotated[float, Meta(gt=0, lt=1)] = 0.0015
    """No natural share is taken to be less."""
    leak_commuting: Annotated[float, Meta(ge=0, le=1)] = 0.35
    """Share of the goods sold at a place that commuters take with them from there."""
    leak_travelling_km: Positive = 0.15
    """Prior: the natural share of goods in a cell at a distance, times that distance in km."""
    leak_border_m: Annotated[float, Meta(ge=0)] = 2000.0
    """Closer to the border a fix is no evidence of a leak, whatever it claims."""
    leak_least_items: Annotated[int, Meta(ge=1)] = 4
    leak_least_origins: Annotated[int, Meta(ge=1)] = 3
    """A leak needs so many items of so many origin cases, and buyers, in one place."""
    surfaced_items: Annotated[int, Meta(ge=2)] = 3
    """So many items of one origin case in one foreign place have come there together."""
    surfaced_border_m: Annotated[float, Meta(ge=0)] = 25_000.0
    """Closer to the border a buyer may have carried them home."""
    surfaced_level: Annotated[float, Meta(gt=0, lt=1)] = 0.01
    """How probable that may be by chance, over all origin cases."""
    surfaced_visits: Positive = 2.5
    """More visits an item than this are a showcase's or a fair's, not buyers'."""
    surfaced_located: Annotated[float, Meta(gt=0, le=1)] = 0.35
    """About such a share of items is ever read with a place."""
    surfaced_together: Annotated[float, Meta(gt=0, lt=1)] = 0.01
    """Friends and families travel together: such a share of a case may go to one place."""
    surfaced_doubtful: Annotated[int, Meta(ge=1)] = 2
    """With so many items that were also read far away, nobody is accused."""
    copied_items: Annotated[int, Meta(ge=2)] = 3
    """So many items of one origin case that are here and far away at once are copies."""
    copied_both: Positive = 6.0
    """One item of so many may have been taken home by a traveller after all."""
    copied_travelled: Share = 0.35
    """A larger share of goods than this does not travel on from where they were sold."""
    copied_others: Annotated[int, Meta(ge=1)] = 2
    """So many items of other origin cases show that the dealer's goods are sold there."""
    case_certainty: Annotated[float, Meta(gt=0, lt=1)] = 0.9
    """Alerts that belong together open a case when together they are this certain."""
    case_quiet_days: Positive = 60.0
    """What comes after so long a silence is another case."""
    case_reach_m: Positive = 120_000.0
    """What happens farther away is another case."""
    tier_1_items: Annotated[int, Meta(ge=1)] = 200
    tier_2_items: Annotated[int, Meta(ge=1)] = 20
    """A case of so many items is of tier 1, or 2; where values are known, money decides."""
    tier_1_amount: Positive = 10_000.0
    tier_2_amount: Positive = 1_000.0
    """Exposure from which a case is of tier 1, or 2, in the currency of the products' values."""
    exposure_level: Annotated[float, Meta(gt=0, lt=1)] = 0.9
    """How surely the true number of items lies within the interval of an estimate."""
    exposure_origins: Annotated[int, Meta(ge=1)] = 8
    """So many origin cases tell which share of a dealer's goods is ever read."""
    tier_1_days: Positive = 3.0
    tier_2_days: Positive = 7.0
    tier_3_days: Positive = 21.0
    """Within so many days a case of the tier is to be decided."""
    look_share: Annotated[float, Meta(gt=0, le=1)] = 1 / 3
    """Within this share of that time somebody is to have looked at it."""

    def digest(self) -> str:
        """SHA-256 of the policy's canonical JSON, in hex: the policy hash in every signal's id."""
        return hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(self))).hexdigest()


def read_policy(raw: bytes) -> Policy:
    """A policy document; what it leaves out has its default.

    Raises:
        PolicyError: a threshold is unknown, of another type, or out of range.
    """
    try:
        return msgspec.json.decode(raw, type=Policy)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        detail, _, path = str(error).partition(" - at `$")
        raise PolicyError(detail, field=path.rstrip("`").lstrip(".")) from None
