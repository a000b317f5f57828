"""Element strings: AIs and values in a row, as scanners send them (FNC1 as ASCII 29) and as people
read them (AIs in brackets). GS1 General Specifications, sections 7.8 and 4.14.
"""

import re
from collections.abc import Iterable, Iterator

from codes.application_identifiers import AI_LENGTH_BY_PREFIX, TABLE
from codes.digital_link import Element
from codes.elements import validate
from codes.errors import CodeError

FNC1 = "\x1d"
"""What separates a value without predefined length from the next AI."""

_SYMBOLOGY = re.compile(r"\](?:C1|d2|e0|J1|Q3)")
_BRACKETED = re.compile(r"\((\d{2,4})\)((?:(?!\(\d{2,4}\)).)*)", re.DOTALL)


def _refused(detail: str, field: str = "") -> CodeError:
    return CodeError(detail, field=field, type="element-invalid")


def _ai_at(text: str, start: int) -> str:
    length = AI_LENGTH_BY_PREFIX.get(text[start : start + 2], 2)
    ai = text[start : start + length]
    if ai not in TABLE:
        raise _refused(f"{ai!r} is no AI", "ai")
    return ai


def _elements(text: str) -> Iterator[Element]:
    position = 0
    while position < len(text):
        ai = _ai_at(text, position)
        start = position + len(ai)
        if TABLE[ai].predefined:
            end = start + TABLE[ai].longest
            following = end + (text[end : end + 1] == FNC1)
        else:
            end = text.find(FNC1, start)
            end = len(text) if end < 0 else end
            following = end + 1
        yield ai, validate(ai, text[start:end])
        position = following


def parse(text: str) -> list[Element]:
    """The elements of what a scanner sent; a symbology identifier and a leading FNC1 are skipped.

    Raises:
        CodeError: ``element-invalid``, with the AI as its field.
    """
    body = _SYMBOLOGY.sub("", text, count=1) if text.startswith("]") else text
    body = body.removeprefix(FNC1)
    if not body:
        raise _refused("there is no element")
    return list(_elements(body))


def build(elements: Iterable[Element]) -> str:
    """The elements as a scanner sends them, those of predefined length first.

    Raises:
        CodeError: a value is not what its AI allows.
    """
    checked = [(ai, validate(ai, value)) for ai, value in elements]
    ordered = sorted(checked, key=lambda element: not TABLE[element[0]].predefined)
    parts = [ai + value + ("" if TABLE[ai].predefined else FNC1) for ai, value in ordered]
    return "".join(parts).removesuffix(FNC1)


def parse_bracketed(text: str) -> list[Element]:
    """The elements of ``(01)…(21)…``.

    Raises:
        CodeError: ``element-invalid``.
    """
    found = [(match[1], match[2].strip()) for match in _BRACKETED.finditer(text)]
    if not found or _BRACKETED.sub("", text).strip():
        raise _refused("it is not of the form (01)…(21)…")
    return [(ai, validate(ai, value)) for ai, value in found]
