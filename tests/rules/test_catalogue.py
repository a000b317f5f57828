"""A rule that a scan does not concern says nothing of it and remembers nothing."""

from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from custody import Custody
from events.model import LEVELS, Crs, Location, Reader, Scan, Signature, Source
from events.timed import from_microseconds, timed
from rules.catalogue import ITEM_RULES, initial_item_states, steps_for
from rules.item import ItemContext
from tests.rules.world import DEALER_A, DEALER_B, GTIN, SSCC, registry

WORLD = registry()
ITEM = f"https://id.gs1.org/01/{GTIN}/21/7K2M9QX4TR8WA"
BEGIN_US = 1_772_000_000_000_000
HOUR_US = 3_600_000_000

locations = st.builds(
    Location,
    lon=st.sampled_from([3.0, 8.0, 12.0, 19.0, 50.0]),
    lat=st.sampled_from([2.0, 5.0, 40.0]),
    accuracy_m=st.sampled_from([5.0, 5000.0]),
    level=st.sampled_from(LEVELS),
    source=st.sampled_from(get_args(Source)),
    crs=st.sampled_from(get_args(Crs)),
)
facts = st.fixed_dictionaries({
    "signature": st.sampled_from(get_args(Signature)),
    "reader": st.sampled_from(get_args(Reader)),
    "gtin": st.sampled_from([GTIN, GTIN, "09506000009999", None]),
    "issued": st.sampled_from([True, False, None]),
    "session": st.sampled_from(["s1", "s2", None]),
    "location": st.none() | locations,
    "hidden_code": st.sampled_from([None, None, "matched"]),
    "activation": st.sampled_from([None, None, "not-reported", "spoiled", "lost"]),
})  # fmt: skip
custodies = st.builds(
    Custody,
    epc=st.just(ITEM),
    parents=st.sampled_from([{}, {ITEM: SSCC}]),
    disposition=st.sampled_from([None, "active", "in_transit", "retail_sold", "destroyed"]),
    owner=st.sampled_from([None, DEALER_A, DEALER_B]),
)


@given(st.lists(st.tuples(facts, custodies), max_size=6))
def test_the_rules_that_a_scan_does_not_concern_would_change_nothing(
    reads: list[tuple[dict[str, Any], Custody]],
) -> None:
    """Whatever went before it."""
    states: list[Any] = list(initial_item_states())
    for nth, (said, custody) in enumerate(reads):
        at = from_microseconds(BEGIN_US + nth * HOUR_US)
        scan = Scan(
            event_id=f"e{nth}", received_at=at, scanned_at=at, uri=ITEM,
            serial="7K2M9QX4TR8WA", **said,
        )  # fmt: skip
        moment: Any = timed(scan)
        concerned = dict(steps_for(scan, custody, WORLD, moment.received_us))
        known_us = moment.received_us
        context = ItemContext(
            custody, WORLD, known_us, custody.container, WORLD.policy(known_us)
        )
        for index, rule in enumerate(ITEM_RULES):
            after, outcomes = rule.step(states[index], moment, context=context)
            if index not in concerned:
                assert (after, list(outcomes)) == (states[index], []), rule.id
            states[index] = after
