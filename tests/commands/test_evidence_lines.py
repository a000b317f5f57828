"""Lines from a pipe: what has been written is one group."""

import os

import pytest

from tracewarden.commands.evidence_lines import line_groups


def test_what_thousands_have_written_meanwhile_is_one_group() -> None:
    reads, writes = os.pipe()
    os.write(writes, b"first\n")
    groups = line_groups(reads)
    assert next(groups) == [b"first"]
    os.set_blocking(writes, False)
    lines = [b"%0150d" % number for number in range(4_000)]
    data = b"".join(one + b"\n" for one in lines)
    assert os.write(writes, data) == len(data)
    assert next(groups) == lines
    os.close(writes)
    with pytest.raises(StopIteration):
        next(groups)
    os.close(reads)
