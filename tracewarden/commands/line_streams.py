"""Commands that read lines and answer each with a JSON line, flushed when their input pauses."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

_READ_BYTES = 1 << 16

Answer = Callable[[bytes], tuple[dict[str, Any], bool]]
"""One line, without its newline, in; the line out, and whether nothing is wrong with it."""


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
    path: Path | int = sys.stdin.fileno() if source is None else source
    all_right = True
    out = sys.stdout.buffer
    with open(path, "rb", buffering=0, closefd=source is not None) as stream:
        for lines in _chunks_of_lines(stream):
            for line in lines:
                said, right = answer(line.removesuffix(b"\r"))
                all_right &= right
                out.write(msgspec.json.encode(said) + b"\n")
            out.flush()
    return all_right
