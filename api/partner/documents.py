"""What the OpenAPI document says of bodies that the endpoints read themselves."""

from typing import Any

import msgspec

from api.partner.batch import MOST_EVENTS
from events.model import Event

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "stable, `/problems/…`"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "item": {"type": "integer", "description": "index in the batch, from 0"},
        "field": {"type": "string", "description": "path of the member that is wrong"},
    },
}

_WORDS = {
    400: "the body is not JSON",
    401: "the key is missing, wrong, expired or revoked",
    403: "the key has not the scope",
    413: "the body or the batch is too large",
    415: "the body is not application/json",
    422: "an event cannot be taken; `item` and `field` name it",
    503: "the bus did not acknowledge; send the batch again",
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an endpoint may answer with."""
    content = {"application/problem+json": {"schema": PROBLEM_SCHEMA}}
    return {status: {"description": _WORDS[status], "content": content} for status in statuses}


def batch_body(kind: type[Event], *, judged_here: tuple[str, ...] = ()) -> dict[str, Any]:
    """The request body of a batch of ``kind``, as its senders write it."""
    schema, parts = _inlined(kind)
    for name in ("received_at", "kind", *judged_here):
        schema["properties"].pop(name, None)
    schema["required"] = [
        name for name in schema.get("required", []) if name in schema["properties"]
    ]
    schema["additionalProperties"] = False
    items = {"type": "array", "maxItems": MOST_EVENTS, "items": schema}
    wrapped = {"type": "object", "required": ["events"], "properties": {"events": items}}
    for name, part in parts.items():
        schema["properties"][name] = part
    content = {"application/json": {"schema": {"oneOf": [items, wrapped]}}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(kind: type[Event]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of a kind, and its member ``location`` with nothing referred to elsewhere."""
    (schema,), components = msgspec.json.schema_components([kind])
    own = dict(components[schema["$ref"].rpartition("/")[2]])
    own["properties"] = dict(own["properties"])
    parts = {}
    if "location" in own["properties"] and "Location" in components:
        parts["location"] = {**components["Location"], "additionalProperties": False}
    return own, parts


ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "every event is durable on the bus",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["accepted"],
                    "properties": {"accepted": {"type": "integer"}},
                }
            }
        },
    }
}

BATCH_RESPONSES = ACCEPTED | problem_responses(400, 401, 403, 413, 415, 422, 503)
