"""GS1's published JSON Schema of EPCIS 2.0: what it says of a document or a bare event.

The schema lies in ``gs1/`` as GS1 published it, under its own licence; it is the one whose ``$id``
is ``https://gs1.github.io/EPCIS/EPCIS-JSON-Schema.json``.
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import jsonschema_rs

MOST_PROBLEMS = 100
"""Problems of one event that are named; a wholly different document would give thousands."""
_LONGEST_SENTENCE = 300


class Violation(NamedTuple):
    """What is wrong: the path of the member, outermost first, and a sentence."""

    path: tuple[str | int, ...]
    detail: str


@cache
def _schema() -> dict[str, Any]:
    file = resources.files("custody.epcis").joinpath("gs1/epcis-json-schema.json")
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


@cache
def _validator(definition: str) -> jsonschema_rs.Draft7Validator:
    schema = {
        "$schema": _schema()["$schema"],
        "definitions": _schema()["definitions"],
        "$ref": f"#/definitions/{definition}",
    }
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


def words_of(definition: str) -> frozenset[str]:
    """The bare words that the schema lists for a kind of vocabulary."""
    found = _schema()["definitions"][definition]["anyOf"]
    return frozenset(word for part in found for word in part.get("enum", ()))


def event_violations(event: object) -> list[Violation]:
    """What the schema refuses in an event of a document."""
    return _violations("EPCIS-Document-Event", event)


def document_violations(document: dict[str, Any]) -> list[Violation]:
    """What the schema refuses in a document around its events, which are not looked into."""
    if document.get("type") == "EPCISQueryDocument":
        return _violations("epcisQueryDocument", _emptied(document, *_QUERY_RESULTS))
    return _violations("epcisDocument", _emptied(document, "epcisBody", "eventList"))


_QUERY_RESULTS = ("epcisBody", "queryResults", "resultsBody", "eventList")


def _emptied(holder: dict[str, Any], name: str, *inner: str) -> dict[str, Any]:
    """A copy whose list at the end of the path is empty."""
    value = holder.get(name)
    if not inner:
        return {**holder, name: []} if isinstance(value, list) else holder
    return {**holder, name: _emptied(value, *inner)} if isinstance(value, dict) else holder


def _violations(definition: str, value: object) -> list[Violation]:
    validator = _validator(definition)
    if validator.is_valid(value):
        return []
    found: list[Violation] = []
    for error in validator.iter_errors(value):
        found.append(Violation(_path(error.instance_path), _sentence(error.message)))
        if len(found) >= MOST_PROBLEMS:
            break
    return found


def _path(parts: Sequence[str | int]) -> tuple[str | int, ...]:
    return tuple(parts)


def _sentence(message: str) -> str:
    if len(message) <= _LONGEST_SENTENCE:
        return message
    half = _LONGEST_SENTENCE // 2
    return f"{message[:half]} … {message[-half:]}"
