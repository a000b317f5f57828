"""Text as the shortest row of QR segments (ISO/IEC 18004): digits, upper-case text, and bytes.

A signed code is upper case but for ``?`` and ``=``; switching modes saves it two versions.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {character: value for value, character in enumerate(_ALPHANUMERIC)}
_PAIR_BITS = {
    a + b: f"{_VALUE[a] * 45 + _VALUE[b]:011b}" for a in _ALPHANUMERIC for b in _ALPHANUMERIC
}
# Digits in runs shorter than three deserve a segment of their own only at the text's ends.
_RUNS = re.compile(
    r"(?P<N>\A[0-9]+|[0-9]+\Z|[0-9]{3,})"
    r"|(?P<A>(?:(?![0-9]{3}|[0-9]+\Z)[0-9A-Z $%*+\-./:])+)"
    r"|(?P<B>.)",
    re.DOTALL,
)
_READABLE = {"N": "NAB", "A": "AB", "B": "B"}
_INDICATOR = {"N": "0001", "A": "0010", "B": "0100"}
_COUNT_BITS = ({"N": 10, "A": 9, "B": 8}, {"N": 12, "A": 11, "B": 16})


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text in one mode: ``N`` digits, ``A`` upper-case text, ``B`` bytes."""

    mode: str
    text: str

    def bits(self, version: int) -> str:
        """The segment with its header, as a string of 0 and 1."""
        payload = self.text.encode() if self.mode == "B" else b""
        count = len(payload) if self.mode == "B" else len(self.text)
        header = _INDICATOR[self.mode] + f"{count:0{_count_bits(version)[self.mode]}b}"
        if self.mode == "N":
            return header + _digit_bits(self.text)
        if self.mode == "A":
            return header + _alphanumeric_bits(self.text)
        return header + "".join(f"{byte:08b}" for byte in payload)


def _count_bits(version: int) -> dict[str, int]:
    return _COUNT_BITS[version > 9]


def _digit_bits(text: str) -> str:
    groups = (text[at : at + 3] for at in range(0, len(text), 3))
    return "".join(f"{int(group):0{len(group) * 3 + 1}b}" for group in groups)


def _alphanumeric_bits(text: str) -> str:
    even = len(text) & ~1
    pairs = [_PAIR_BITS[text[at : at + 2]] for at in range(0, even, 2)]
    return "".join(pairs) + (f"{_VALUE[text[-1]]:06b}" if even < len(text) else "")


def _sixths(mode: str, text: str) -> int:
    """The bits of ``text`` in ``mode``, in sixths, without the rounding at a segment's end."""
    if mode == "N":
        return 20 * len(text)
    return 33 * len(text) if mode == "A" else 48 * len(text.encode())


def _runs(text: str) -> list[tuple[str, str]]:
    found = [(str(match.lastgroup), match.group()) for match in _RUNS.finditer(text)]
    merged: list[tuple[str, str]] = []
    for kind, run in found:
        if merged and merged[-1][0] == kind == "B":
            merged[-1] = ("B", merged[-1][1] + run)
        else:
            merged.append((kind, run))
    return merged


def _best_modes(runs: list[tuple[str, str]], version: int) -> list[str]:
    """The mode of each run, so that all segments with their headers are shortest."""
    header = {mode: 6 * (4 + bits) for mode, bits in _count_bits(version).items()}
    best: dict[str, tuple[int, list[str]]] = {"": (0, [])}
    for kind, run in runs:
        following: dict[str, tuple[int, list[str]]] = {}
        for mode in _READABLE[kind]:
            cost = _sixths(mode, run)
            following[mode] = min(
                (spent + cost + (0 if previous == mode else header[mode]), [*modes, mode])
                for previous, (spent, modes) in best.items()
            )
        best = following
    return min(best.values())[1]


def segments(text: str, version: int) -> list[Segment]:
    """The shortest segments for ``text`` in a symbol of ``version``."""
    runs = _runs(text)
    found: list[Segment] = []
    for mode, (_, run) in zip(_best_modes(runs, version), runs, strict=True):
        if found and found[-1].mode == mode:
            found[-1] = Segment(mode, found[-1].text + run)
        else:
            found.append(Segment(mode, run))
    return found


@lru_cache(maxsize=8)
def _terminated(capacity_bits: int) -> str:
    """What fills a symbol up after its text."""
    return "1110110000010001" * (capacity_bits // 16 + 1)


def codewords(text: str, version: int, capacity_bytes: int) -> bytes | None:
    """The data codewords of ``text``, padded to the capacity; ``None`` where it does not fit."""
    bits = "".join(segment.bits(version) for segment in segments(text, version))
    capacity = capacity_bytes * 8
    if len(bits) > capacity:
        return None
    bits += "0" * min(4, capacity - len(bits))
    bits += "0" * (-len(bits) % 8)
    bits += _terminated(capacity)[: capacity - len(bits)]
    return int(bits, 2).to_bytes(capacity_bytes, "big")
