"""Group commit: callers that wait together are written together, and a fault ends the writer."""

import threading
from collections.abc import Sequence

import pytest

from evidence.entry import Entry
from evidence.errors import EntryConflictError, EvidenceError
from store.evidence_group import GROUP_ENTRIES, GroupWriter
from store.evidence_log import Appended


class Disk:
    """A log in memory that can be held up and made to fail."""

    def __init__(self) -> None:
        self.groups: list[list[Entry]] = []
        self.go = threading.Event()
        self.fault: OSError | None = None

    def append(self, entries: Sequence[Entry]) -> list[Appended | EvidenceError]:
        self.go.wait()
        if self.fault is not None:
            raise self.fault
        start = sum(len(group) for group in self.groups)
        self.groups.append(list(entries))
        return [
            EntryConflictError("again")
            if entry.id == "bad"
            else Appended(start + at, b"", new=True)
            for at, entry in enumerate(entries)
        ]


@pytest.fixture
def disk() -> Disk:
    return Disk()


def test_who_waits_while_a_group_is_written_is_the_next_group(disk: Disk) -> None:
    writer = GroupWriter(disk.append)
    futures = [writer.submit(Entry(None, {"n": number})) for number in range(GROUP_ENTRIES + 9)]
    disk.go.set()
    writer.close()
    assert [future.result().index for future in futures] == list(range(GROUP_ENTRIES + 9))
    assert len(disk.groups) <= 3


def test_an_entry_that_is_refused_fails_alone(disk: Disk) -> None:
    disk.go.set()
    writer = GroupWriter(disk.append)
    good, bad = writer.submit(Entry("good", {})), writer.submit(Entry("bad", {}))
    writer.close()
    assert good.result().index == 0
    with pytest.raises(EntryConflictError):
        bad.result()


def test_after_a_fault_all_who_wait_get_it_and_nothing_more_is_taken(disk: Disk) -> None:
    disk.fault = OSError("fsync failed")
    writer = GroupWriter(disk.append)
    futures = [writer.submit(Entry(None, {"n": number})) for number in range(3)]
    disk.go.set()
    for future in futures:
        with pytest.raises(OSError, match="fsync failed"):
            future.result(timeout=10)
    with pytest.raises(EvidenceError):
        writer.submit(Entry(None, {}))
    with pytest.raises(OSError, match="fsync failed"):
        writer.close()
