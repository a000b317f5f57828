"""The queue in a file: what was acknowledged goes, offsets go on, and nothing else is lost."""

from pathlib import Path

from stream_processors.bus.queue import QueueFile


def values(file: QueueFile, topic: str, after: int = -1) -> list[bytes]:
    return [record.value for record in file.read(topic, after, 100)]


def test_what_every_group_has_acknowledged_is_dropped_and_offsets_go_on(tmp_path: Path) -> None:
    file = QueueFile(tmp_path / "queue.sqlite")
    for number in range(5):
        file.append("scans", "k", b"%d" % number)
        file.append("dead-letters", "k", b"%d" % number)
    file.commit("workers", {"scans": 1})
    assert values(file, "scans") == [b"2", b"3", b"4"]
    file.commit("slow", {"scans": 0})
    file.commit("workers", {"scans": 4})
    assert values(file, "scans") == [b"2", b"3", b"4"]
    file.commit("slow", {"scans": 4})
    assert values(file, "scans") == [b"4"]
    assert len(values(file, "dead-letters")) == 5
    file.close()
    again = QueueFile(tmp_path / "queue.sqlite")
    again.append("scans", "k", b"5")
    assert [record.offset for record in again.read("scans", 4, 100)] == [5]
    assert again.committed("workers", "scans") == 4
    again.close()
