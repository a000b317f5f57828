from pathlib import Path

import pytest

from simulator import delivery as module
from simulator.chance import Chance
from simulator.delivery import Delivery
from simulator.levels import LEVELS


def filled(folder: Path) -> bytes:
    delivery = Delivery((0, 10_000_000), LEVELS["clean"], Chance(1, "d"), folder)
    chance = Chance(1, "times")
    for number in range(1000):
        delivery.put("tick", f"t-{number}", chance.integer(0, 9_999_999), {})
    return b"".join(delivery.lines())


def test_lines_merged_from_files_are_those_sorted_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = filled(tmp_path)
    monkeypatch.setattr(module, "RUN", 64)
    assert filled(tmp_path) == in_memory
    assert not list(tmp_path.iterdir())


def test_what_arrives_outside_the_span_is_not_recorded(tmp_path: Path) -> None:
    delivery = Delivery((1000, 2000), LEVELS["clean"], Chance(1, "d"), tmp_path)
    assert not delivery.put("tick", "early", 999, {})
    assert not delivery.put("tick", "late", 2000, {})
    assert delivery.put("tick", "in time", 1000, {})
    assert b"in time" in b"".join(delivery.lines())
