"""The policy: every threshold in one versioned document, with defaults that need no tuning."""

import hashlib
from typing import Annotated

import msgspec
import rfc8785
from msgspec import Meta, Struct

from events.errors import TracewardenError

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class PolicyError(TracewardenError):
    """A policy that cannot be taken."""

    type = "policy-invalid"


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds in force. Units stand in the names; see ``docs/schemas/policy.json``."""

    version: int = 1
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
