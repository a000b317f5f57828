"""Reading the files of a bundle; what is wrong with one is named."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from verifier.notes import FormatError
from verifier.result import WrongError

T = TypeVar("T")


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
    """A file's JSON."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise WrongError(name, "json-malformed", "no JSON") from None
