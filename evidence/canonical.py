"""Canonical JSON (RFC 8785): reading text strictly, and writing the one form that is hashed."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import msgspec
import rfc8785

from evidence.errors import EntryError

MAX_DEPTH = 256
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that a JSON number holds exactly in IEEE 754 (RFC 7493, 2.2)."""

_fast = msgspec.json.Encoder(order="sorted")


def canonical(value: object) -> bytes:
    """The RFC 8785 form of a JSON value.

    Where keys are ASCII and floats lie where every encoder writes the same digits, msgspec writes
    the same bytes as ``rfc8785`` several times faster (proved in the tests); all else goes the long
    way.

    Raises:
        EntryError: the value has no canonical form; ``field`` is the path to what is wrong.
    """
    plain = _plain(value, MAX_DEPTH)
    try:
        return _fast.encode(value) if plain else rfc8785.dumps(value)  # type: ignore[arg-type]
    except (UnicodeEncodeError, rfc8785.CanonicalizationError) as error:
        raise _surrogate(value, error) from None


def parse(text: bytes | str, *, canonical_form: bool = False) -> Any:
    """JSON text as Python values, refusing what I-JSON (RFC 7493) refuses.

    RFC 8785 writes a double such as 1e20 as an integer. Where the text is in ``canonical_form`` an
    integer beyond 2^53 is therefore read as the double that it was; elsewhere it stays an integer,
    which :func:`canonical` refuses.

    Raises:
        EntryError: no JSON, not UTF-8, a key twice, NaN or infinity, or nested too deeply.
    """
    decoder = _canonical_decoder if canonical_form else _decoder
    try:
        return decoder.decode(text.decode("utf-8") if isinstance(text, bytes) else text)
    except UnicodeDecodeError as error:
        raise EntryError(f"not UTF-8 at byte {error.start}", type="entry-not-json") from None
    except json.JSONDecodeError as error:
        detail = f"no JSON: {error.msg} at character {error.pos}"
        raise EntryError(detail, type="entry-not-json") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # The interpreter refuses to read integers of thousands of digits.
        raise _bad_number("an integer of thousands of digits") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise EntryError(f"the key {twice!r} stands twice", field=twice, type="entry-duplicate-key")
    return members


def _constant(name: str) -> NoReturn:
    raise _bad_number(name)


def _double(digits: str) -> int | float:
    number = int(digits)
    return number if -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER else float(digits)


_decoder = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant)
_canonical_decoder = json.JSONDecoder(
    object_pairs_hook=_members, parse_constant=_constant, parse_int=_double
)


def _plain(value: object, depth: int) -> bool:
    """Whether the fast encoder writes canonical bytes; raises where no encoder can."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:  # type: ignore[operator]
            raise _bad_number("an integer beyond 2^53 - 1")
        return True
    if kind is float:
        return _plain_float(value)  # type: ignore[arg-type]
    if depth == 0:
        raise _too_deep()
    if kind is dict:
        return _plain_object(value, depth)  # type: ignore[arg-type]
    if kind is list or kind is tuple:
        return _plain_array(value, depth)  # type: ignore[arg-type]
    detail = f"a value of type {kind.__name__} is no JSON"
    raise EntryError(detail, type="entry-not-json")


def _plain_float(value: float) -> bool:
    if not math.isfinite(value):
        raise _bad_number(str(value))
    return 1e-4 <= abs(value) < 1e15 and not value.is_integer()


def _plain_object(members: Mapping[str, object], depth: int) -> bool:
    plain = True
    for key, member in members.items():
        if type(key) is not str:
            raise EntryError(f"the key {key!r} is no string", type="entry-not-json")
        # RFC 8785 sorts keys by UTF-16 units, msgspec by code points: alike below U+E000.
        plain = plain and key.isascii()
        if type(member) is str:  # Most are; a call for each would double the time.
            continue
        try:
            plain = _plain(member, depth - 1) and plain
        except EntryError as error:
            raise error.within(key) from None
    return plain


def _plain_array(items: Sequence[object], depth: int) -> bool:
    plain = True
    for position, item in enumerate(items):
        try:
            plain = _plain(item, depth - 1) and plain
        except EntryError as error:
            raise error.within(str(position)) from None
    return plain


def _bad_number(what: str) -> EntryError:
    return EntryError(f"{what} is no JSON number that others read alike", type="entry-number")


def _too_deep() -> EntryError:
    return EntryError(f"nested more than {MAX_DEPTH} deep", type="entry-too-deep")


def _surrogate(value: object, cause: Exception) -> EntryError:
    """The error for a lone surrogate, with the path of the first string that holds one."""
    field = _find_surrogate(value)
    detail = f"a lone surrogate has no UTF-8 form ({type(cause).__name__})"
    return EntryError(detail, field=field or "", type="entry-surrogate")


def _find_surrogate(value: object) -> str | None:
    if isinstance(value, str):
        return "" if any("\ud800" <= char <= "\udfff" for char in value) else None
    if isinstance(value, Mapping):
        steps = [(str(key), member) for key, member in value.items()]
        for key, _ in steps:
            if _find_surrogate(key) is not None:
                return key.encode("utf-8", "backslashreplace").decode()
    elif isinstance(value, (list, tuple)):
        steps = [(str(position), item) for position, item in enumerate(value)]
    else:
        return None
    for step, member in steps:
        rest = _find_surrogate(member)
        if rest is not None:
            return f"{step}.{rest}" if rest else step
    return None
