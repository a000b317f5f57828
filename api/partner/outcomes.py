"""What judging gave, for programs: alerts that hold and signals that hold, a page at a time."""

import asyncio
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.dependencies import Ports
from api.partner.bearer import DOCUMENTED, requires
from api.partner.documents import problem_responses
from api.problems import Problem
from store.alert_views import alerts_changed_after, effective_signals

router = APIRouter(
    prefix="/v1",
    tags=["partner"],
    dependencies=[*DOCUMENTED, Depends(requires("read"))],
    responses=problem_responses(401, 403, 422),
)

MOST_ROWS = 1000


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    negative = name == "after" and text == "-1"
    if not negative and not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Problem(422, "query-invalid", "a number is expected", field=name)
    return min(int(text), most)


def _paged(default_after: int) -> dict[str, Any]:
    return {
        "parameters": [
            {
                "name": "after",
                "in": "query",
                "schema": {"type": "integer", "default": default_after},
                "description": "`next` of the page before",
            },
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "default": MOST_ROWS, "maximum": MOST_ROWS},
            },
        ]
    }


@router.get(
    "/alerts",
    summary="Alerts in the order in which they changed",
    openapi_extra=_paged(0),
    operation_id="read_alerts",
)
async def read_alerts(request: Request, services: Ports) -> Response:
    """`alerts` hold; `withdrawn` names those that no longer do; `next` is the next page's `after`,
    and null where nothing more changed."""
    after = _number(request, "after", 0, 2**62)
    limit = max(1, _number(request, "limit", MOST_ROWS, MOST_ROWS))
    rows = await asyncio.to_thread(alerts_changed_after, services.engine, after, limit)
    return JSONResponse(
        {
            "alerts": [row.body for row in rows if row.holds],
            "withdrawn": [row.alert_id for row in rows if not row.holds],
            "next": rows[-1].change if rows else None,
        },
        headers={"Cache-Control": "no-store"},
    )


@router.get(
    "/signals",
    summary="Signals that hold, in the order of their evidence entries",
    openapi_extra=_paged(-1),
    operation_id="read_signals",
)
async def read_signals(request: Request, services: Ports) -> Response:
    """`next` is the next page's `after`, and null where there are no more."""
    after = _number(request, "after", -1, 2**62)
    limit = max(1, _number(request, "limit", MOST_ROWS, MOST_ROWS))
    rows = await asyncio.to_thread(effective_signals, services.engine, after, limit)
    return JSONResponse(
        {
            "signals": [row.body for row in rows],
            "next": rows[-1].evidence_seq if rows else None,
        },
        headers={"Cache-Control": "no-store"},
    )
