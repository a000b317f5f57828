"""What a printing plant reports of a job: printed, spoiled and lost, by ranges of its indices."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.body import read_body, require_json
from api.dependencies import Ports
from api.partner.bearer import DOCUMENTED, requires
from api.partner.documents import problem_responses
from api.problems import Problem
from api.services import Services
from codes.print_reports import PrintRange
from events.errors import TracewardenError
from events.model import Id
from store.instants import to_us
from store.print_reports import take_print_report
from store.registry import RegistryConflictError

Index = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class ReportedRange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Indices of the job's file, both ends included."""

    first_index: Index
    last_index: Index
    outcome: Literal["printed", "spoiled", "lost"]


class PlantReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report; sent again under the same id it changes nothing."""

    report_id: Id
    job: Id
    ranges: Annotated[list[ReportedRange], Meta(min_length=1, max_length=10_000)]
    plant: Annotated[str, Meta(max_length=200)] | None = None


def _body_schema() -> dict[str, Any]:
    schemas, components = msgspec.json.schema_components([PlantReport])
    name = schemas[0]["$ref"].rpartition("/")[2]
    schema = dict(components[name])
    schema["properties"] = {
        **schema["properties"],
        "ranges": {**schema["properties"]["ranges"], "items": components["ReportedRange"]},
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


router = APIRouter(
    prefix="/v1",
    tags=["partner"],
    dependencies=[*DOCUMENTED, Depends(requires("print-reports"))],
    responses=problem_responses(400, 401, 403, 413, 415, 422),
)
_decoder = msgspec.json.Decoder(PlantReport)


@router.post(
    "/print-reports",
    status_code=201,
    summary="What a printing plant did with a job's codes",
    openapi_extra=_body_schema(),
    operation_id="take_print_report",
)
async def take(request: Request, services: Ports) -> Response:
    """201 once the report is durable, 200 where it was noted before. Codes reported `printed` are
    active within a second; of two ranges that name one index the later counts."""
    require_json(request)
    report = _decoded(await read_body(request))
    taken = await asyncio.to_thread(_store, services, report)
    said = {"report_id": report.report_id, "job": report.job, "ranges": len(report.ranges)}
    return JSONResponse(said, 201 if taken else 200, headers={"Cache-Control": "no-store"})


def _decoded(body: bytes) -> PlantReport:
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".") or None
        raise Problem(422, "print-report-invalid", detail, field=field) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "json-invalid", f"not JSON: {error}") from None


def _store(services: Services, report: PlantReport) -> bool:
    ranges = [PrintRange(r.first_index, r.last_index, r.outcome) for r in report.ranges]
    try:
        with services.engine.begin() as connection:
            return take_print_report(
                connection,
                report.report_id,
                report.job,
                ranges,
                plant=report.plant,
                now_us=to_us(services.clock()),
            )
    except RegistryConflictError as error:
        raise Problem(409, "print-report-conflict", error.detail, field=error.field) from None
    except TracewardenError as error:
        raise Problem(422, "print-report-invalid", error.detail, field=error.field) from None
