"""Every rule's card holds: its form, its words in both languages, and its cases, in one loop."""

import pytest

from events.model import Scan
from events.timed import timed
from events.wire import decode_event
from judging.units import judge_items, judge_shipment, units_of
from rules.card import Card, Case, card
from rules.catalogue import rule_ids
from rules.item import item_of
from rules.signal import Signal
from store.engine import open_engine
from store.events import StoredHistory, incoming_of, store_events
from store.schema import metadata
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
        drafts += [("SH-1", draft) for draft in judge_shipment("SH-1", history, world).drafts]
    return [signal for unit in units_of(drafts, world) for signal in unit.signals]


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
