"""JSON Schemas of the registry's rows and of events, made from the structs that read them.

``docs/schemas/`` holds them for other people; a test keeps the two alike. Rows are held against
them on import, so that a misspelt member is an error and not a silent default.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from msgspec import Struct


def schema_of(row_type: type[Any]) -> dict[str, Any]:
    """The schema of a struct; members that it does not name are refused, null means absent."""
    schema = msgspec.json.schema(row_type)
    _close(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _close(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            node["additionalProperties"] = False
        for value in node.values():
            _close(value)
    elif isinstance(node, list):
        for value in node:
            _close(value)


@cache
def _validator(row_type: type[Struct]) -> Draft202012Validator:
    return Draft202012Validator(schema_of(row_type))


def problems_of(row_type: type[Struct], line: bytes) -> Iterator[tuple[str, str]]:
    """(field, detail) of everything in a row of JSON that its schema does not allow."""
    for error in _validator(row_type).iter_errors(msgspec.json.decode(line)):
        yield ".".join(str(part) for part in error.absolute_path), error.message
