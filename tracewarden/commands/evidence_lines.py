"""Lines from stdin as they come: whatever is waiting is one group, so that one commit serves it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from fcntl import F_SETPIPE_SZ, fcntl

READ_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 20
"""Longer lines are cut to this and refused; an entry's 65,535 bytes fit even if all is escaped."""
GROUP_LINES = 4096


def line_groups(descriptor: int) -> Iterator[list[bytes]]:
    """Groups of whole lines without their newlines, each group all that one read gave.

    A line that is too long comes as its first ``MAX_LINE_BYTES + 1`` bytes; memory stays bounded.
    """
    _widen(descriptor)
    rest = b""
    while data := os.read(descriptor, READ_BYTES):
        *lines, tail = data.split(b"\n")
        if lines:
            lines[0] = (rest + lines[0])[: MAX_LINE_BYTES + 1]
            rest = b""
        rest = (rest + tail)[: MAX_LINE_BYTES + 1]
        for start in range(0, len(lines), GROUP_LINES):
            yield lines[start : start + GROUP_LINES]
    if rest:
        yield [rest]


def _widen(descriptor: int) -> None:
    """Let a pipe hold all that one read takes, so that a group is what thousands have written.

    What is no pipe, or may not be widened, stays as it is.
    """
    with suppress(OSError):
        fcntl(descriptor, F_SETPIPE_SZ, READ_BYTES)
