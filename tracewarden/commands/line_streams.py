"""Commands that read lines and answer each with a JSON line, flushed when their input pauses."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

_READ_BYTES = 1 << 16

Said = tuple[dict[str, Any], bool]
"""The line out, and whether nothing is wrong with it."""
Answer = Callable[[bytes], Said]
"""One line, without its newline, in."""


def _chunks_of_lines(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The lines that have come so far, again and again; the last may lack its newline."""
    rest = b""
    # An unbuffered read returns what is there: so what was asked before a pause is answered in it.
    while chunk := stream.read(_READ_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield lines
    if rest:
        yield [rest]


def answer_lines(source: Path | None, answer: Answer) -> bool:
    """Answer every line of ``source`` (standard input where ``None``); whether all were right."""
    return answer_batches(source, lambda lines: [answer(line) for line in lines])


def answer_batches(
    source: Path | None, answer: Callable[[Sequence[bytes]], Sequence[Said]]
) -> bool:
    """The same, for what is cheaper to answer together: all lines that have come so far."""
    path: Path | int = sys.stdin.fileno() if source is None else source
    all_right = True
    out = sys.stdout.buffer
    with open(path, "rb", buffering=0, closefd=source is not None) as stream:
        for lines in _chunks_of_lines(stream):
            for said, right in answer([line.removesuffix(b"\r") for line in lines]):
                all_right &= right
                out.write(msgspec.json.encode(said) + b"\n")
            out.flush()
    return all_right
