"""Files of item events: partners without EPCIS send the tables that they keep."""

import asyncio
from datetime import tzinfo
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.body import read_body
from api.dependencies import Ports
from api.epcis.tables import MOST_ERRORS, TableAdmission, admit_table
from api.partner.bearer import DOCUMENTED, requires
from api.partner.documents import problem_responses
from api.problems import Problem
from api.services import Services
from custody.tables import RowError, TableError, template_csv, template_xlsx
from custody.tables.cells import CellError, zone_of
from custody.tables.files import LARGEST_FILE
from custody.tables.template import Language
from stream_processors.bus.port import BusUnavailableError
from stream_processors.topics import ITEM_EVENTS

router = APIRouter(
    prefix="/v1",
    tags=["partner"],
    dependencies=[*DOCUMENTED, Depends(requires("item-events"))],
    responses=problem_responses(401, 403, 413, 415, 422, 503),
)

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {CSV, XLSX, "application/octet-stream"}
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def _query(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}, "description": description}


@router.post(
    "/item-event-files",
    status_code=202,
    summary="A table of item events, CSV or XLSX",
    openapi_extra={
        "requestBody": {"required": True, "content": {CSV: _BINARY, XLSX: _BINARY}},
        "parameters": [
            _query("zone", "time zone of times without one, `+08:00` or `Asia/Shanghai`"),
            _query("map", "`title=column`, repeated; `title=-` leaves a column out"),
            _query("proceed", "`true`: take the good rows though others are bad"),
        ],
    },
    operation_id="take_item_event_file",
)
async def take_item_event_file(request: Request, services: Ports) -> Response:
    """Each row is an event. A file is taken whole or not at all, unless told to proceed; a row
    that comes twice counts once."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _TYPES:
        detail = f"the body is {CSV} or {XLSX}"
        raise Problem(415, "content-type-unsupported", detail, headers={"Accept": f"{CSV}, {XLSX}"})
    content = await read_body(request, LARGEST_FILE)
    found = await asyncio.to_thread(_admitted, services, content, request)
    proceed = request.query_params.get("proceed", "false") == "true"
    if found.errors and not proceed:
        raise BadRows(found.errors)
    if found.taken:
        try:
            await services.publisher.publish(ITEM_EVENTS, [(t.key, t.raw) for t in found.taken])
        except BusUnavailableError as error:
            raise Problem(503, error.type, error.detail, headers={"Retry-After": "5"}) from None
    body = {
        "rows": found.rows,
        "events": len(found.taken),
        "errors": [error.as_dict() for error in found.errors[:MOST_ERRORS]],
    }
    return JSONResponse(body, 202, headers={"Cache-Control": "no-store"})


class BadRows(Problem):
    """A file that was refused for its rows; ``errors`` names each."""

    def __init__(self, errors: list[RowError]) -> None:
        first = errors[0]
        detail = f"{len(errors)} rows are wrong; nothing was taken. {first.field}: {first.detail}"
        super().__init__(422, first.type, detail, field=first.field)
        self.members["errors"] = [error.as_dict() for error in errors[:MOST_ERRORS]]


def _admitted(services: Services, content: bytes, request: Request) -> TableAdmission:
    try:
        return admit_table(
            services.engine,
            services.registry(),
            content,
            services.clock(),
            zone=_zone(request.query_params.get("zone")),
            columns=_columns(request.query_params.getlist("map")),
        )
    except TableError as error:
        raise Problem.of(error) from None


def _zone(name: str | None) -> tzinfo | None:
    try:
        # In a query a plus that was not encoded arrives as a blank.
        return None if name is None else zone_of(name.replace(" ", "+"))
    except CellError as error:
        raise Problem(422, "query-invalid", str(error), field="zone") from None


def _columns(pairs: list[str]) -> dict[str, str]:
    return {title: name for title, _, name in (pair.rpartition("=") for pair in pairs)}


@router.get(
    "/item-event-files/template",
    summary="An empty table to fill in",
    openapi_extra={
        "parameters": [_query("language", "`zh` or `en`"), _query("format", "`xlsx` or `csv`")]
    },
    operation_id="item_event_template",
)
async def item_event_template(request: Request) -> Response:
    """Its first row names the columns, its second is an example."""
    language: Language = "en" if request.query_params.get("language") == "en" else "zh"
    if request.query_params.get("format") == "csv":
        return Response(await asyncio.to_thread(template_csv, language), media_type=CSV)
    return Response(await asyncio.to_thread(template_xlsx, language), media_type=XLSX)
