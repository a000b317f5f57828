"""What a replay found, kept on disk until it is written."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cases.alerts import alert_of, alerts_of
from rules.model import Reason, Subject
from rules.signal import Signal
from tracewarden.ordered_spool import OrderedSpool, Placed
from tracewarden.outcome import Outcome, difference, write

PLACED = st.builds(
    Placed, st.integers(-(2**62), 2**62), st.text(max_size=3), st.text(max_size=3), st.binary()
).filter(lambda row: row.first.isprintable() and row.second.isprintable())


@given(st.lists(st.lists(PLACED, max_size=6), max_size=4))
def test_bodies_come_in_order_in_whatever_portions_they_were_put(
    portions: list[list[Placed]],
) -> None:
    spool = OrderedSpool()
    for portion in portions:
        spool.put(portion)
    found = list(spool)
    assert sorted(found) == sorted(row for portion in portions for row in portion)
    assert [row[:3] for row in found] == sorted(row[:3] for row in found)


def signal(key: str, at_us: int, rule: str = "code-cloned", strength: float = 0.5) -> Signal:
    return Signal(
        signal_id=key, rule=rule, rule_version=1, subject=Subject("item", "i"), occurred_us=at_us,
        strength=strength, inputs=(f"scan:{key}",), reason=Reason("why", "何故"), facts={},
    )  # fmt: skip


def test_what_was_gathered_stands_among_the_rest_in_order_of_time_then_id(tmp_path: Path) -> None:
    outcome = Outcome()
    outcome.signals.put_signals([signal("c", 5_000_000), signal("a", 7_000_000)])
    outcome.signals.put_signals([signal("b", 1_000_000)])
    outcome.gathered_signals.put_signals([signal("d", 5_000_000), signal("0", 7_000_000)])
    write(outcome, tmp_path)
    lines = (tmp_path / "signals.jsonl").read_text().splitlines()
    assert [json.loads(line)["signal_id"] for line in lines] == ["b", "c", "d", "0", "a"]
    assert [json.loads(line)["signal_id"] for line in outcome.signals] == ["b", "c", "a"]


def test_alerts_are_of_one_rule_and_subject_each() -> None:
    cloned = [signal("a", 2), signal("b", 1)]
    quiet = signal("c", 3, "impossible-travel", strength=0.0)
    assert list(alerts_of([cloned[0], quiet, cloned[1]])) == [alert_of(cloned)]


def test_a_difference_names_the_alerts_that_only_one_of_two_replays_has() -> None:
    before, after = Outcome(), Outcome()
    before.alerts.put_alerts(alerts_of([signal("a", 2)]))
    after.alerts.put_alerts(alerts_of([signal("b", 3)]))
    assert difference(before, after) == []
    after.gathered_alerts.put_alerts(alerts_of([signal("c", 1, "impossible-travel")]))
    (change,) = map(json.loads, difference(before, after))
    assert (change["change"], change["alert"]["rule"]) == ("added", "impossible-travel")
