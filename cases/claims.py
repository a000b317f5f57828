"""What each rule's signals are worth towards a case, and which case they belong to."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cases.case import Kind
from registry import Registry
from rules.model import Subject
from rules.places_seen import LonLat
from rules.signal import Signal

SURE = 0.93
"""Enough for a case by itself (``case_certainty``)."""


FEW_PLACES, FEW_DAYS = 4, 14.0
DOUBTFUL = 0.4
"""Travel that only a phone's clock makes impossible; a hidden code asked for again."""


class Claim(NamedTuple):
    """``key`` says which signals belong together, ``weight`` how sure one makes the case; those of
    ``spreads`` also have to be near each other."""

    kind: Kind
    key: tuple[str, ...]
    subject: Subject
    weight: float
    spreads: bool = False


TRANSPORT = {
    "shipment-outside-territories": 0.85,
    "shipment-opened": 0.7,
    "shipment-off-corridor": 0.7,
    "shipment-stopped": 0.6,
    "tracker-silent": 0.8,
}
"""Weights of a strength of 1; two different ones, or two opened items, are a case."""


def claim_of(signal: Signal, registry: Registry) -> Claim | None:
    """The claim that a signal makes; None for what never is a case by itself."""
    rule, subject, facts = signal.rule, signal.subject, signal.facts
    if rule in ("code-invalid", "code-unknown"):
        return _forged(signal)
    if rule in ("impossible-travel", "code-cloned", "codes-copied", "hidden-code-reused"):
        weight = _copied(rule, facts)
        unit = facts.get("origin") or subject.id
        return Claim("clone", ("clone", str(unit)), subject, weight)
    if rule == "received-by-wrong-dealer":
        pair = ("diversion", rule, str(facts["dealer_id"]), str(facts["received_by"]))
        return Claim("diversion", pair, Subject("dealer", pair[2]), signal.strength)
    if rule == "temperature-excursion":
        return Claim("cold-chain", ("cold-chain", subject.id), subject, signal.strength)
    if rule in TRANSPORT:
        shipment = str(facts.get("shipment_id", subject.id))
        weight = min(SURE, TRANSPORT[rule] * signal.strength / 0.8)
        return Claim("transport", ("transport", shipment), Subject("shipment", shipment), weight)
    if rule == "price-below-floor":
        seller = str(facts.get("dealer_id") or facts["seller"])
        return Claim("price", ("price", seller, str(facts["gtin"])), subject, signal.strength)
    if rule == "order-abnormal":
        key = ("order", str(facts["dealer_id"]), str(facts["gtin"]))
        return Claim("order", key, subject, signal.strength)
    if rule == "custody-contradiction":
        return Claim("custody", ("custody", subject.id), subject, signal.strength)
    return None


def _copied(rule: str, facts: Mapping[str, Any]) -> float:
    """Somebody who travels all the time gets to four places in some weeks; travel is impossible by
    the service's own clock alone."""
    if rule == "code-cloned":
        is_sure = facts["places"] > FEW_PLACES or facts["days"] <= FEW_DAYS
    else:
        is_sure = rule == "codes-copied" or bool(facts.get("holds_by_arrival"))
    return SURE if is_sure else DOUBTFUL


def _forged(signal: Signal) -> Claim | None:
    """A printing run: one product, one way of forging, one place and time. The code read where
    nobody says is as well a run's, but two such codes are not yet one."""
    facts = signal.facts
    gtin, how = str(facts.get("gtin")), str(facts.get("signature"))
    weight = 0.7 if place_of(signal) is not None else 0.6
    subject = Subject("product", gtin) if facts.get("gtin") else signal.subject
    return Claim("clone", ("forged", how, gtin), subject, weight, spreads=True)


def place_of(signal: Signal) -> LonLat | None:
    """Where it happened, if its rule said so."""
    lon, lat = signal.facts.get("lon"), signal.facts.get("lat")
    return None if lon is None or lat is None else (lon, lat)
