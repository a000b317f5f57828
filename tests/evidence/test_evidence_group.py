"""Group commit: callers that wait together are written together, and a fault ends the writer."""

import threading
from collections.abc import Sequence

import pytest

from evidence.entry import Draft, Entry
from evidence.errors import EntryError, EvidenceError
from store.evidence_group import GROUP_ENTRIES, GroupWriter
from store.evidence_log import Appended


class Disk:
    """A log in memory that can be held up and made to fail."""

    def __init__(self) -> None:
        self.groups: list[list[Draft | EvidenceError]] = []
        self.signed = 0
        self.go, self.sign = threading.Event(), threading.Event()
        self.fault: OSError | None = None
        self.seal_fault: OSError | None = None
        self.sign.set()

    def commit(self, drafts: Sequence[Draft | EvidenceError]) -> list[Appended | EvidenceError]:
        self.go.wait()
        if self.fault is not None:
            raise self.fault
        start = sum(len(group) for group in self.groups)
        self.groups.append(list(drafts))
        return [
            one if isinstance(one, EvidenceError) else Appended(start + at, b"", new=True)
            for at, one in enumerate(drafts)
        ]

    def seal(self) -> None:
        committed = sum(len(group) for group in self.groups)
        self.sign.wait()
        if self.seal_fault is not None:
            raise self.seal_fault
        self.signed = committed


@pytest.fixture
def disk() -> Disk:
    return Disk()


def numbered(count: int) -> list[Entry]:
    return [Entry(None, {"n": number}) for number in range(count)]


def test_who_waits_while_a_group_is_written_is_the_next_group(disk: Disk) -> None:
    writer = GroupWriter(disk.commit, disk.seal)
    futures = [writer.submit(entry) for entry in numbered(GROUP_ENTRIES + 9)]
    disk.go.set()
    writer.close()
    assert [future.result().index for future in futures] == list(range(GROUP_ENTRIES + 9))
    assert len(disk.groups) <= 3


def test_nobody_is_answered_before_a_signature_covers_his_entry(disk: Disk) -> None:
    disk.go.set()
    writer = GroupWriter(disk.commit, disk.seal)
    covered: list[bool] = []

    def answered(answer: Appended | BaseException) -> None:
        covered.append(isinstance(answer, Appended) and answer.index < disk.signed)

    for entry in numbered(3_000):
        writer.hand_over(entry, answered)
    writer.close()
    assert covered == [True] * 3_000


def test_a_group_is_committed_while_the_one_before_is_being_signed(disk: Disk) -> None:
    disk.go.set()
    disk.sign.clear()
    writer = GroupWriter(disk.commit, disk.seal)
    first = writer.submit(Entry(None, {"n": 1}))
    while not disk.groups:
        pass
    second = writer.submit(Entry(None, {"n": 2}))
    while len(disk.groups) < 2:
        pass
    assert not first.done()
    disk.sign.set()
    writer.close()
    assert (first.result().index, second.result().index) == (0, 1)


def test_an_entry_that_is_refused_fails_alone(disk: Disk) -> None:
    disk.go.set()
    writer = GroupWriter(disk.commit, disk.seal)
    good, bad = writer.submit(Entry("good", {})), writer.submit(Entry("bad", {"n": 2**53}))
    writer.close()
    assert good.result().index == 0
    with pytest.raises(EntryError):
        bad.result()


def test_after_a_fault_all_who_wait_get_it_and_nothing_more_is_taken(disk: Disk) -> None:
    disk.fault = OSError("fsync failed")
    writer = GroupWriter(disk.commit, disk.seal)
    futures = [writer.submit(entry) for entry in numbered(3)]
    disk.go.set()
    for future in futures:
        with pytest.raises(OSError, match="fsync failed"):
            future.result(timeout=10)
    with pytest.raises(EvidenceError):
        writer.submit(Entry(None, {}))
    with pytest.raises(OSError, match="fsync failed"):
        writer.close()


def test_a_signature_that_fails_ends_the_writer_and_is_everyones_answer(disk: Disk) -> None:
    disk.seal_fault = OSError("no space")
    disk.sign.clear()
    disk.go.set()
    writer = GroupWriter(disk.commit, disk.seal)
    futures = [writer.submit(entry) for entry in numbered(GROUP_ENTRIES * 3)]
    disk.sign.set()
    for future in futures:
        with pytest.raises(OSError, match="no space"):
            future.result(timeout=10)
    with pytest.raises(OSError, match="no space"):
        writer.close()
    assert disk.signed == 0
