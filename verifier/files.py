"""Reading the files of a bundle; what is wrong with one is named."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from verifier.notes import FormatError
from verifier.result import WrongError

T = TypeVar("T")
MAX_DEPTH = 512


def read_text(files: Mapping[str, bytes], name: str, problem: str, reader: Callable[[str], T]) -> T:
    """A file as its reader reads it; ``problem`` where it is malformed."""
    try:
        return reader(file_of(files, name).decode("utf-8"))
    except (FormatError, UnicodeDecodeError) as error:
        raise WrongError(name, problem, str(error)) from None


def file_of(files: Mapping[str, bytes], name: str) -> bytes:
    """A file that must be there."""
    if name not in files:
        raise WrongError(name, "file-missing", "the bundle does not hold it")
    return files[name]


def json_of(name: str, data: bytes) -> Any:
    """A file's JSON, which every reader reads alike: no key twice, no number but JSON's, and not
    nested deeper than any entry is."""
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        raise WrongError(name, "json-malformed", "no JSON, or a key stands twice") from None
    if _is_too_deep(value):
        raise WrongError(name, "json-malformed", f"nested more than {MAX_DEPTH} deep")
    return value


def strings_in(value: Any) -> set[str]:
    """Every string within a JSON value, however deep; keys are none."""
    found, waiting = set(), [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.add(one)
        waiting += _within(one)
    return found


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for one in level for inner in _within(one)]
    return bool(level)


def _within(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
