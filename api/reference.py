"""The reference of the HTTP interface, drawn from its OpenAPI document by this service itself."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.pages import console_page

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def show_reference(request: Request) -> Response:
    """A page of all endpoints; ``/openapi.json`` is the document itself."""
    document: dict[str, Any] = request.app.openapi()
    return console_page(
        "reference.html", info=document["info"], groups=_by_tag(document["paths"])
    )


def _by_tag(paths: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in paths.items():
        for method, operation in methods.items():
            if method == "head":
                continue
            tag = operation.get("tags", ["other"])[0]
            shown = {"method": method.upper(), "path": path, "members": _members(operation)}
            groups.setdefault(tag, []).append({**operation, **shown})
    return groups


def _members(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of an event that a batch endpoint takes."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    choices = body.get("schema", {}).get("oneOf")
    if not choices:
        return []
    event = choices[0]["items"]
    return [
        {"name": name, "required": name in event["required"], "form": _form(schema)}
        for name, schema in event["properties"].items()
    ]


def _form(schema: dict[str, Any]) -> str:
    """A schema in a few words: its type, choices and limits."""
    if "anyOf" in schema:
        forms = [_form(choice) for choice in schema["anyOf"] if choice.get("type") != "null"]
        return " or ".join(forms) + ", or null"
    if "enum" in schema:
        return " | ".join(str(choice) for choice in schema["enum"])
    words = [schema.get("format") or schema.get("type", "any")]
    for key, sign in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "length ≤")):
        if key in schema:
            words.append(f"{sign} {schema[key]}")
    if "pattern" in schema:
        words.append(f"matches {schema['pattern']}")
    return ", ".join(words)
