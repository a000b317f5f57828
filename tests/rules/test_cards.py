"""Every rule's card holds: its form, its words in both languages, and its cases, in one loop."""

import pytest

from cases.gather import Gathering, step
from cases.judgement import Judgement
from events.model import AnyEvent, Offer, Order, Scan
from events.timed import timed
from events.wire import decode_event
from judging.gathering import judgements_of
from judging.handling import judge_handlings
from judging.units import judge_items, judge_shipment, units_of
from registry import Registry
from rules.card import Card, Case, card
from rules.catalogue import rule_ids
from rules.item import item_of
from rules.signal import Signal
from store.containment import handled_epcs
from store.engine import open_engine
from store.events import store_events
from store.incoming import incoming_of
from store.schema import metadata
from store.stored_history import StoredHistory
from tests.rules.world import registry

CASES = [(rule, case) for rule in rule_ids() for case in card(rule).cases]


def signals_of(lines: str) -> list[Signal]:
    """Effective signals of all rules over a case's events, as replay finds them."""
    world = registry()
    events = [(decode_event(line.encode()), line.encode()) for line in lines.splitlines() if line]
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        store_events(connection, [incoming_of(timed(event), raw) for event, raw in events])
        history = StoredHistory(connection)
        items = {item_of(event) for event, _ in events if isinstance(event, Scan)}
        drafts = [
            (key, draft)
            for key, judged in judge_items(items, history, world).items()
            for draft in judged.drafts
        ]
        for shipment in ("SH-1", "SH-2"):
            found = judge_shipment(shipment, history, world).drafts
            drafts += [(shipment, draft) for draft in found]
        things = judge_handlings(handled_epcs(connection), history, world)
        drafts += [(epc, draft) for epc, judged in things.items() for draft in judged.drafts]
    units = units_of(drafts, world)
    signals = [signal for unit in units for signal in unit.signals]
    judgements = [judged for unit in units for judged in judgements_of(unit)]
    return signals + gathered_signals([*judgements, *trade(events)], world)


def trade(events: list[tuple[AnyEvent, bytes]]) -> list[Judgement]:
    """Orders and offers as gathering takes them."""
    return [
        Judgement(
            known_us=timed(event).received_us,
            known_by=timed(event).identity,
            identity=timed(event).identity,
            subject="",
            trade=event,
        )
        for event, _ in events
        if isinstance(event, Order | Offer)
    ]


def gathered_signals(judgements: list[Judgement], world: Registry) -> list[Signal]:
    """Signals over many subjects."""
    state = Gathering()
    found: list[Signal] = []
    for judged in sorted(judgements, key=lambda judged: judged.order):
        state, gathered = step(state, judged, registry=world)
        found += gathered.signals
    return found


@pytest.mark.parametrize(("rule", "case"), CASES, ids=[f"{r}: {c.name}" for r, c in CASES])
def test_a_card_fires_as_often_as_it_says(rule: str, case: Case) -> None:
    fired = [signal for signal in signals_of(case.events) if signal.rule == rule]
    assert len(fired) == case.fires, [signal.reason.en for signal in fired]


@pytest.mark.parametrize("rule", rule_ids())
def test_a_card_has_cases_that_must_and_must_not_fire(rule: str) -> None:
    shown: Card = card(rule)
    assert shown.id == rule
    assert {case.fires > 0 for case in shown.cases} == {True, False}


def test_every_reason_fills_its_places_in_both_languages() -> None:
    reasons = [signal.reason for _, case in CASES for signal in signals_of(case.events)]
    assert reasons
    assert all("{" not in words.en and "{" not in words.zh for words in reasons)
