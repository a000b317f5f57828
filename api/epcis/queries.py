"""Queries: events by the parameters of SimpleEventQuery, by id, and under top-level resources."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.dependencies import Ports
from api.epcis.headers import SPOKEN, discovery, negotiate
from api.epcis.paging import next_link, place_of
from api.partner.bearer import DOCUMENTED, requires
from api.problems import Problem
from api.services import Services
from custody.epcis.context import EPCIS_CONTEXT
from custody.epcis.query import EventQuery, QueryError, parse_query
from events.timed import rfc3339
from store.access import ApiKey
from store.epcis_events import FoundEvent, find_events
from store.instants import to_us

Key = Annotated[ApiKey, Depends(requires("read", "epcis"))]

router = APIRouter(prefix="/epcis", tags=["epcis"], dependencies=DOCUMENTED)
_RESOURCES = {
    "epcs": "MATCH_anyEPC",
    "eventTypes": "eventType",
    "bizSteps": "EQ_bizStep",
    "bizLocations": "EQ_bizLocation",
    "readPoints": "EQ_readPoint",
    "dispositions": "EQ_disposition",
}

router.add_api_route(
    "/events", discovery("GET, POST, OPTIONS", {}), methods=["OPTIONS"], status_code=204,
    summary="What queries take", operation_id="epcis_events_options",
)  # fmt: skip


@router.get("/events", summary="Events by query", operation_id="epcis_events")
async def events(request: Request, services: Ports, key: Key) -> Response:
    """Parameters are those of SimpleEventQuery; the answer is an EPCISQueryDocument, and `Link`
    leads to the next page."""
    return await _answer(request, services, [])


@router.get("/events/{event_id:path}", summary="An event by its id", operation_id="epcis_event")
async def event_by_id(
    request: Request, services: Ports, key: Key, event_id: str
) -> Response:
    """The event, bare; where it was declared wrong, the declaration."""
    negotiate(request)
    query = EventQuery(event_ids=(_whole(request, event_id),))
    found = await asyncio.to_thread(find_events, services.engine, query, 2)
    if not found:
        raise Problem(404, "not-found", "no event has this id")
    declared = [one for one in found if "errorDeclaration" in one.event]
    event = _event((declared or found)[0])
    own = event.pop("@context", [])
    body = {"@context": [EPCIS_CONTEXT, *own], **event}
    return JSONResponse(body, headers={**SPOKEN, "Cache-Control": "no-store"})


@router.get(
    "/{resource}/{value:path}/events",
    summary="Events of a resource",
    operation_id="epcis_events_of",
)
async def events_of(
    request: Request, services: Ports, key: Key, resource: str, value: str
) -> Response:
    """`resource` is `epcs`, `eventTypes`, `bizSteps`, `bizLocations`, `readPoints` or
    `dispositions`; further parameters as for `/epcis/events`."""
    parameter = _RESOURCES.get(resource)
    if parameter is None:
        raise Problem(404, "not-found", "there is no such resource")
    return await _answer(request, services, [(parameter, value)])


def _whole(request: Request, event_id: str) -> str:
    """An id of the form ``ni:///…?ver=CBV2.0`` whose question mark was not encoded."""
    query = request.url.query
    return f"{event_id}?{query}" if event_id.startswith("ni:") and query else event_id


async def _answer(
    request: Request, services: Services, given: Sequence[tuple[str, str]]
) -> Response:
    negotiate(request)
    after = place_of(request.query_params.get("nextPageToken"))
    try:
        query = parse_query([*given, *request.query_params.multi_items()])
    except QueryError as error:
        raise Problem.of(error, status=400) from None
    most = min(query.per_page, query.limit or query.per_page)
    found = await asyncio.to_thread(find_events, services.engine, query, most + 1, after)
    headers = {**SPOKEN, "Cache-Control": "no-store"}
    if len(found) > most and query.limit is None:
        headers |= next_link(request, found[most - 1].place)
    body = _document(found[:most], rfc3339(to_us(services.clock())))
    return JSONResponse(body, headers=headers)


def _document(found: Sequence[FoundEvent], now: str) -> dict[str, Any]:
    """An EPCISQueryDocument; each event keeps the contexts that it was captured with."""
    results = {
        "queryName": "SimpleEventQuery",
        "resultsBody": {"eventList": [_event(one) for one in found]},
    }
    return {
        "@context": [EPCIS_CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": now,
        "epcisBody": {"queryResults": results},
    }


def _event(found: FoundEvent) -> dict[str, Any]:
    """The event as it was captured, with its id and the time at which it was recorded."""
    return {
        **found.event,
        "eventID": found.event_id,
        "recordTime": rfc3339(found.received_us),
    }
