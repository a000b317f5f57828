"""Capture: an EPCIS document becomes events on the bus, and a job that tells what became of it.

A document is read, judged and published before the answer, so a job is finished when it is named.
It is written after the bus has the events: a service that dies in between has captured without a
job, was not heard to say so, and a document that is sent again changes nothing.
"""

import asyncio
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.body import read_body, require_json
from api.dependencies import Ports
from api.epcis.admission import Admission, admit
from api.epcis.headers import (
    CAPTURE,
    LARGEST_DOCUMENT,
    LD_JSON,
    MOST_EVENTS,
    SPOKEN,
    discovery,
    negotiate,
)
from api.epcis.paging import absolute, next_link, per_page, place_of
from api.epcis.problems import LARGEST_LIST, InvalidEvents
from api.partner.bearer import DOCUMENTED, requires
from api.problems import Problem
from api.services import Services
from custody.epcis.document import DocumentError, Opened, open_bare_event, open_document
from events.errors import EventError
from events.strict import decode_json
from events.timed import rfc3339
from store.access import ApiKey
from store.capture_jobs import CaptureJob, add_job, find_job, newest_jobs
from store.instants import to_us
from stream_processors.bus.port import BusUnavailableError
from stream_processors.topics import ITEM_EVENTS

Behaviour = Literal["rollback", "proceed"]
Key = Annotated[ApiKey, Depends(requires("epcis"))]

router = APIRouter(prefix="/epcis", tags=["epcis"], dependencies=DOCUMENTED)
_BODY = {"requestBody": {"required": True, "content": {
    "application/json": {"schema": {"type": "object"}}, LD_JSON: {"schema": {"type": "object"}},
}}}  # fmt: skip

router.add_api_route(
    "/capture", discovery("GET, POST, OPTIONS", CAPTURE), methods=["OPTIONS"], status_code=204,
    summary="What capture takes", operation_id="epcis_capture_options",
)  # fmt: skip


@router.post(
    "/capture",
    status_code=202,
    summary="Capture an EPCIS document",
    openapi_extra=_BODY,
    operation_id="epcis_capture",
)
async def capture(request: Request, services: Ports, key: Key) -> Response:
    """`Location` names the capture job. With `GS1-Capture-Error-Behaviour: rollback`, the default,
    a document is captured whole or not at all; with `proceed` what is valid of it."""
    negotiate(request)
    behaviour = _behaviour(request)
    document = await _document(request)
    received_at = services.clock()
    opened = await asyncio.to_thread(_opened, document)
    admission = await asyncio.to_thread(admit, services.engine, opened, received_at)
    refused = bool(admission.errors) and behaviour == "rollback"
    if not refused:
        await _publish(services, admission)
    captured = 0 if refused else len(admission.taken)
    job = _job(services, key, received_at, behaviour, captured, admission.errors)
    await asyncio.to_thread(add_job, services.engine, job)
    location = absolute(request, f"/epcis/capture/{job.capture_id}")
    headers = {"Location": location, "GS1-Capture-Error-Behaviour": behaviour}
    if refused:
        raise InvalidEvents(admission.errors, headers)
    answer = {"Access-Control-Expose-Headers": "Location", "Cache-Control": "no-store"}
    return Response(status_code=202, headers={**SPOKEN, **headers, **answer})


@router.post(
    "/events",
    status_code=201,
    summary="Capture one event",
    openapi_extra=_BODY,
    operation_id="epcis_capture_event",
)
async def capture_event(request: Request, services: Ports, key: Key) -> Response:
    """A bare event with its `@context`; `Location` names the event."""
    negotiate(request)
    document = await _document(request)
    received_at = services.clock()
    opened = await asyncio.to_thread(open_bare_event, document)
    admission = await asyncio.to_thread(admit, services.engine, [opened], received_at)
    if admission.errors:
        raise InvalidEvents(admission.errors, {})
    await _publish(services, admission)
    location = absolute(request, f"/epcis/events/{quote(admission.taken[0].event_id, safe='')}")
    return Response(status_code=201, headers={**SPOKEN, "Location": location})


@router.get("/capture", summary="Your capture jobs", operation_id="epcis_capture_jobs")
async def capture_jobs(request: Request, services: Ports, key: Key) -> Response:
    """Newest first; `Link` leads to the next page."""
    negotiate(request)
    most, before = per_page(request), place_of(request.query_params.get("nextPageToken"))
    jobs = await asyncio.to_thread(newest_jobs, services.engine, key.key_id, most + 1, before)
    headers = {**SPOKEN, "Cache-Control": "no-store"}
    if len(jobs) > most:
        headers |= next_link(request, jobs[most - 1].place)
    return JSONResponse([_form(job) for job in jobs[:most]], headers=headers)


@router.get("/capture/{capture_id}", summary="A capture job", operation_id="epcis_capture_job")
async def capture_job(
    request: Request, services: Ports, key: Key, capture_id: str
) -> Response:
    """`success` is false where an event was refused; `errors` says why."""
    negotiate(request)
    job = await asyncio.to_thread(find_job, services.engine, key.key_id, capture_id)
    if job is None:
        raise Problem(404, "not-found", "there is no such capture job of this key")
    return JSONResponse(_form(job), headers={**SPOKEN, "Cache-Control": "no-store"})


def _behaviour(request: Request) -> Behaviour:
    given = request.headers.get("GS1-Capture-Error-Behaviour", "rollback").strip().lower()
    if given == "rollback":
        return "rollback"
    if given == "proceed":
        return "proceed"
    detail = "GS1-Capture-Error-Behaviour is rollback or proceed"
    raise Problem(400, "header-invalid", detail, field="GS1-Capture-Error-Behaviour")


async def _document(request: Request) -> Any:
    require_json(request, also=(LD_JSON,))
    body = await read_body(request, LARGEST_DOCUMENT)
    try:
        return await asyncio.to_thread(decode_json, body)
    except EventError as error:
        raise Problem.of(error, status=400) from None


def _opened(document: Any) -> list[Opened]:
    try:
        opened = open_document(document, most=MOST_EVENTS)
    except DocumentError as error:
        too_many = error.type == "batch-too-large"
        raise Problem.of(error, status=413 if too_many else 400) from None
    return opened


async def _publish(services: Services, admission: Admission) -> None:
    if not admission.taken:
        return
    try:
        await services.publisher.publish(
            ITEM_EVENTS, [(event.key, event.raw) for event in admission.taken]
        )
    except BusUnavailableError as error:
        raise Problem(503, error.type, error.detail, headers={"Retry-After": "5"}) from None


def _job(
    services: Services,
    key: ApiKey,
    received_at: datetime,
    behaviour: Behaviour,
    captured: int,
    errors: list[dict[str, Any]],
) -> CaptureJob:
    return CaptureJob(
        capture_id=str(uuid.UUID(bytes=services.random_bytes(16), version=4)),
        key_id=key.key_id,
        created_us=to_us(received_at),
        finished_us=to_us(services.clock()),
        behaviour=behaviour,
        captured=captured,
        errors=errors[:LARGEST_LIST],
    )


def _form(job: CaptureJob) -> dict[str, Any]:
    """A job as EPCIS 2.0 tells it (section 12.6.3)."""
    return {
        "captureID": job.capture_id,
        "createdAt": rfc3339(job.created_us),
        "finishedAt": rfc3339(job.finished_us),
        "running": False,
        "success": not job.errors,
        "captureErrorBehaviour": job.behaviour,
        "capturedEvents": job.captured,
        "errors": job.errors,
    }
