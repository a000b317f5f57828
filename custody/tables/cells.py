"""What is written in a cell: times, codes and parties, as people and spreadsheets write them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from codes.elements import problem
from codes.epc import canonical_epc, item_uri, logistic_unit_uri
from codes.errors import CodeError

PartyOf = Callable[[str], str | None]
"""A dealer's id or name → its GLN, where it is known."""

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_ELEMENT = re.compile(r"\((\d{2,4})\)([^(]*)")
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]*(\d{1,2})[::时](\d{1,2})分?(?:[::](\d{1,2})(?:\.\d+)?秒?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?"
)
_EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number."""


class CellError(ValueError):
    """What is wrong with a cell, in a sentence."""


def zone_of(name: str) -> tzinfo:
    """A time zone by offset (``+08:00``) or name (``Asia/Shanghai``).

    Raises:
        CellError: it is neither.
    """
    match = _OFFSET.fullmatch(name)
    if match is not None:
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset <= timedelta(hours=14):
            return timezone(-offset if sign == "-" else offset)
    elif name in ("Z", "UTC"):
        return UTC
    else:
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            pass
    raise CellError(f"{name!r} is no time zone such as +08:00 or Asia/Shanghai")


def text_of(value: Any) -> str:
    """A cell as text.

    Raises:
        CellError: a number that is no whole one, or one whose digits a spreadsheet cannot keep.
    """
    if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
        raise CellError(f"{value!r} is no text")
    if isinstance(value, int | float):
        digits = str(int(value))
        if len(digits) > _EXACT_DIGITS:
            raise CellError("a number of so many digits is not exact; format the column as text")
        return digits
    return str(value).strip()


def time_of(value: Any, zone: tzinfo | None) -> datetime:
    """A time with its offset.

    Raises:
        CellError: it is none, or has no offset and ``zone`` is not given.
    """
    if not isinstance(value, datetime):
        return _written(text_of(value), zone)
    return value if value.tzinfo is not None else value.replace(tzinfo=_needed(zone))


def _needed(zone: tzinfo | None) -> tzinfo:
    if zone is None:
        raise CellError("the time has no offset from UTC; name the time zone of the file")
    return zone


def _written(text: str, zone: tzinfo | None) -> datetime:
    match = _TIME.fullmatch(text)
    if match is None:
        raise CellError(f"{text!r} is no time such as 2026-03-02 18:00")
    *parts, offset = match.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    tz = _needed(zone) if offset is None else zone_of(offset)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=tz)
    except ValueError as error:
        raise CellError(f"{text!r}: {error}") from None


def epc_of(value: Any) -> str:
    """The canonical URI of a code: a Digital Link, a URN, an element string, or an SSCC.

    Raises:
        CellError: it is none.
    """
    text = text_of(value)
    try:
        if ":" in text:
            return canonical_epc(text)
        return _from_elements(_elements(text))
    except CodeError as error:
        raise CellError(f"{text!r}: {error.detail}") from None


def _elements(text: str) -> dict[str, str]:
    """``(01)…(21)…``, ``01…21…``, ``(00)…``, ``00…``, or an SSCC's bare 18 digits."""
    if text.startswith("("):
        return {ai: value.strip() for ai, value in _ELEMENT.findall(text)}
    if text.isdecimal() and len(text) == 18:
        return {"00": text}
    if text.isdecimal() and len(text) == 20 and text.startswith("00"):
        return {"00": text[2:]}
    if text.startswith("01") and text[2:16].isdecimal() and text[16:18] == "21":
        return {"01": text[2:16], "21": text[18:]}
    raise CellError(f"{text!r} is no code: neither a URI, nor GTIN and serial, nor an SSCC")


def _from_elements(elements: dict[str, str]) -> str:
    if "00" in elements:
        return sscc_of(elements["00"])
    if "01" not in elements or not elements.get("21"):
        raise CellError("a code has AI 00, or AI 01 and 21")
    return gtin_serial_of(elements["01"], elements["21"])


def gtin_serial_of(gtin: Any, serial: Any) -> str:
    """An item by GTIN (8 to 14 digits) and serial.

    Raises:
        CellError: one is wrong, or the serial is a number, which may have lost leading zeros.
    """
    if isinstance(serial, int | float):
        raise CellError("a serial written as a number may have lost zeros; format it as text")
    digits, text = text_of(gtin).zfill(14), text_of(serial)
    for ai, value in (("01", digits), ("21", text)):
        _check(ai, value)
    return item_uri(digits, text)


def sscc_of(value: Any) -> str:
    """A logistic unit by its SSCC.

    Raises:
        CellError: it is none.
    """
    text = text_of(value)
    _check("00", text)
    return logistic_unit_uri(text)


def _check(ai: str, value: str) -> None:
    found = problem(ai, value)
    if found is not None:
        raise CellError(f"{value!r}: {found}")


def gln_of_party(value: Any, party_of: PartyOf) -> str:
    """A party's GLN: written itself, or by a dealer's id or name.

    Raises:
        CellError: it is neither.
    """
    text = text_of(value)
    known = party_of(text)
    if known is not None:
        return known
    digits = text.zfill(13) if text.isdecimal() else text
    if len(digits) == 13 and problem("417", digits) is None:
        return digits
    raise CellError(f"{text!r} is neither a GLN nor a dealer's id or name")


def gln_of_site(value: Any) -> str:
    """A site's GLN.

    Raises:
        CellError: it is none.
    """
    digits = text_of(value).zfill(13)
    _check("414", digits)
    return digits
