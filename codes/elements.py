"""One AI and its value: is it what GS1's Barcode Syntax Dictionary allows?"""

import re
from functools import lru_cache

from codes.application_identifiers import TABLE, ApplicationIdentifier, Component
from codes.checksums import CHARSET_82
from codes.errors import CodeError
from codes.linters import LINTERS

SEPARATORS = str.maketrans("", "", " -")
"""What people write between digits."""

_CHARSETS = {
    "N": re.compile(r"[0-9]*"),
    "X": re.compile(f"[{re.escape(CHARSET_82)}]*"),
    "Y": re.compile(r"[#/0-9A-Z-]*"),
    "Z": re.compile(r"[-_0-9A-Za-z]*={0,2}"),
}
_CHARSET_NAMES = {
    "N": "digits",
    "X": "characters of set 82",
    "Y": "characters of set 39",
    "Z": "base64url characters",
}


def _is_padded_well(text: str) -> bool:
    """GS1's rule for set 64: padding is optional, and padded text is a multiple of three long."""
    return not text.endswith("=") or len(text) % 3 == 0


def _component_problem(part: Component, text: str) -> str | None:
    if len(text) < part.shortest:
        return "it is too short"
    if not _CHARSETS[part.charset].fullmatch(text):
        return f"it has something else than {_CHARSET_NAMES[part.charset]}"
    if part.charset == "Z" and not _is_padded_well(text):
        return "its padding is wrong"
    return next(filter(None, (LINTERS[name](text) for name in part.linters)), None)


def _problem(entry: ApplicationIdentifier, value: str) -> str | None:
    if len(value) < entry.shortest:
        return "it is too short"
    if len(value) > entry.longest:
        return "it is too long"
    position = 0
    for part in entry.components:
        text = value[position : position + part.longest]
        if part.optional and not text:
            continue
        problem = _component_problem(part, text)
        if problem is not None:
            return problem
        position += len(text)
    return None


@lru_cache(maxsize=4096)
def problem(ai: str, value: str) -> str | None:
    """What is wrong with ``value`` for ``ai``, or ``None`` where nothing is."""
    entry = TABLE.get(ai)
    return "the AI is unknown" if entry is None else _problem(entry, value)


def compact(ai: str, text: str) -> str:
    """``text`` without what people write around a value, and between the digits of one that has
    nothing else; what is no value of ``ai`` stays for ``validate`` to refuse.

    >>> compact("17", " 27-12-31 ")
    '271231'
    """
    entry = TABLE.get(ai)
    if entry is not None and all(part.charset == "N" for part in entry.components):
        return text.translate(SEPARATORS)
    return text.strip(" ")


def validate(ai: str, value: str) -> str:
    """``value`` where ``ai`` allows it.

    Raises:
        CodeError: ``element-invalid``, with the AI as its field.
    """
    found = problem(ai, value)
    if found is not None:
        raise CodeError(f"AI {ai}: {found}", field=ai, type="element-invalid")
    return value


def is_valid(ai: str, value: str) -> bool:
    """Whether ``ai`` is known and allows ``value``."""
    return problem(ai, value) is None
