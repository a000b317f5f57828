"""What each rule's signals are worth towards a case, and which case they belong to."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cases.case import Kind
from registry import Policy
from registry.policy_levels import Weights
from rules.model import Subject
from rules.places_seen import LonLat
from rules.signal import Signal


class Claim(NamedTuple):
    """``key`` says which signals belong together, ``weight`` how sure one makes the case; those of
    ``spreads`` also have to be near each other."""

    kind: Kind
    key: tuple[str, ...]
    subject: Subject
    weight: float
    spreads: bool = False


TRANSPORT = {
    "shipment-outside-territories": "shipment_outside",
    "shipment-opened": "shipment_opened",
    "shipment-off-corridor": "shipment_off_corridor",
    "shipment-stopped": "shipment_stopped",
    "tracker-silent": "tracker_silent",
}
"""Whose weight counts; two different ones, or two opened items, are a case."""
USUAL_STRENGTH = 0.8
"""What the weights of transport are meant for."""


def claim_of(signal: Signal, policy: Policy) -> Claim | None:
    """The claim that a signal makes; None for what never is a case by itself."""
    rule, subject, facts = signal.rule, signal.subject, signal.facts
    if rule in ("code-invalid", "code-unknown"):
        return _forged(signal, policy.weights)
    if rule in ("impossible-travel", "code-cloned", "codes-copied", "hidden-code-reused"):
        weight = _copied(rule, facts, policy)
        if subject.type == "product":
            return Claim("clone", copies_key(subject.id), subject, weight, spreads=True)
        unit = facts.get("origin") or subject.id
        return Claim("clone", ("clone", str(unit)), subject, weight)
    if rule == "received-by-wrong-dealer":
        pair = ("diversion", rule, str(facts["dealer_id"]), str(facts["received_by"]))
        return Claim("diversion", pair, Subject("dealer", pair[2]), signal.strength)
    if rule == "temperature-excursion":
        return Claim("cold-chain", ("cold-chain", subject.id), subject, signal.strength)
    if rule in TRANSPORT:
        unit = facts.get("unit")
        shipment = str(unit or facts.get("shipment_id", subject.id))
        together = str(facts.get("shipped_by", shipment))
        usual = getattr(policy.weights, TRANSPORT[rule])
        weight = min(policy.weights.sure, usual * signal.strength / USUAL_STRENGTH)
        whole = Subject("logistic-unit" if unit else "shipment", shipment)
        # Travellers' reads of goods that nobody planned for lie apart; opened goods are together.
        return Claim("transport", ("transport", together), whole, weight, spreads=bool(unit))
    if rule == "price-below-floor":
        seller = str(facts.get("dealer_id") or facts["seller"])
        return Claim("price", ("price", seller, str(facts["gtin"])), subject, signal.strength)
    if rule == "order-abnormal":
        key = ("order", str(facts["dealer_id"]), str(facts["gtin"]))
        return Claim("order", key, subject, signal.strength)
    if rule == "custody-contradiction":
        return Claim("custody", ("custody", subject.id), subject, signal.strength)
    return None


def copies_key(gtin: str) -> tuple[str, ...]:
    """Under which copies of a product's codes out of no one origin case belong together."""
    return ("clone", "copies", gtin)


def _copied(rule: str, facts: Mapping[str, Any], policy: Policy) -> float:
    """Somebody who travels all the time gets to four places in some weeks; travel is impossible by
    the service's own clock alone."""
    if rule == "code-cloned":
        is_sure = (
            facts["places"] > policy.cloned_places or facts["days"] <= policy.cloned_sure_days
        )
    else:
        is_sure = rule == "codes-copied" or bool(facts.get("holds_by_arrival"))
    return policy.weights.sure if is_sure else policy.weights.doubtful


def _forged(signal: Signal, weights: Weights) -> Claim | None:
    """A printing run: one product, one way of forging, one place and time. The code read where
    nobody says is as well a run's, but two such codes are not yet one."""
    facts = signal.facts
    gtin, how = str(facts.get("gtin")), str(facts.get("signature"))
    weight = weights.forged if place_of(signal) is not None else weights.forged_nowhere
    subject = Subject("product", gtin) if facts.get("gtin") else signal.subject
    return Claim("clone", ("forged", how, gtin), subject, weight, spreads=True)


def place_of(signal: Signal) -> LonLat | None:
    """Where it happened, if its rule said so."""
    lon, lat = signal.facts.get("lon"), signal.facts.get("lat")
    return None if lon is None or lat is None else (lon, lat)
