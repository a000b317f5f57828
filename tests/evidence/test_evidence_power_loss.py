"""A power cut at any moment: what was answered stands, and what is signed for is there."""

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from evidence.entry import entry_from_line
from store.engine import open_engine, sqlite_url
from store.evidence_folder import LogFolder
from store.evidence_log import Appended
from store.evidence_writer import open_writer
from store.migrations import migrate
from tests.evidence import test_evidence_faults as folder_faults
from tests.evidence import test_evidence_service_faults as service_faults
from tests.evidence.injected import Traced, fresh
from tests.evidence.power_loss import CALLS, power_cuts
from tests.evidence.test_evidence_faults import LINES, start, strace
from tracewarden.commands.evidence import app

__all__ = ["start", "strace"]


class Case(NamedTuple):
    """What a process does, the folder that it does it in, and what must hold there afterwards,
    given what it had said."""

    act: Callable[[], object]
    place: Path
    check: Callable[[bytes], None]


def append_each(place: Path) -> None:
    """Append line by line, and say where each stands."""
    with open_writer(LogFolder.at(place / "log")) as writer:
        for line in LINES.splitlines():
            [one] = writer.append([entry_from_line(line)])
            assert isinstance(one, Appended)
            answer = {"index": one.index, "leaf_hash": one.leaf_hash.hex()}
            print(json.dumps(answer), flush=True)


def appending(start: Path, work: Path) -> Case:
    place = fresh(start, work)

    def check(said: bytes) -> None:
        answers = [json.loads(line) for line in said.split(b"\n")[:-1]]
        folder_faults.check(place, answers, said)

    return Case(partial(append_each, place), place, check)


def rotating(start: Path, work: Path) -> Case:
    place = fresh(start, work)
    first = LogFolder.at(place / "log").public_key()
    rotate = partial(app, ["rotate", "--log", str(place / "log")])
    return Case(rotate, place, lambda _: folder_faults.check_rotation(place, first))


def serving(start: Path, work: Path) -> Case:
    place = work / "place"
    place.mkdir()
    url, private = sqlite_url(place / "db.sqlite"), place / "private"
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()

    def check(said: bytes) -> None:
        engine = open_engine(url)
        service_faults.check(engine, private, said, said)
        engine.dispose()

    return Case(partial(service_faults.log_three, url, private), place, check)


def cut_power(case: Case, trace: Path, step: int) -> int:
    """Check each ``step``-th state that a power cut may leave (-1: the last ones first); how many
    there are."""
    cuts = list(power_cuts(Traced(case.act, calls=CALLS), case.place, trace))
    for cut in cuts[::step]:
        shutil.rmtree(case.place)
        cut.restore()
        case.check(cut.said)
    return len(cuts)


def test_some_power_cuts_lose_nothing_that_was_acknowledged(start: Path, tmp_path: Path) -> None:
    assert cut_power(appending(start, tmp_path), tmp_path / "trace", 25) > 100


def test_a_writer_that_does_not_sync_its_signature_is_found_out(
    start: Path, tmp_path: Path
) -> None:
    case = appending(start, tmp_path)

    def act_without_sync() -> None:
        os.fsync = lambda fd: None  # In the process of its own that does it.
        case.act()

    with pytest.raises(AssertionError):
        cut_power(case._replace(act=act_without_sync), tmp_path / "trace", -1)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("make", [appending, rotating, serving])
def test_whatever_a_power_cut_leaves_nothing_acknowledged_is_lost(
    start: Path, tmp_path: Path, make: Callable[[Path, Path], Case]
) -> None:
    count = cut_power(make(start, tmp_path), tmp_path / "trace", 1)
    print(f"power cut, {make.__name__}: {count} states")
