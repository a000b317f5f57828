"""One case's page, its map, and the files that belong to it."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.console.cases.content import alerts_of, content_of
from api.console.cases.wording import cases_wording
from api.console.map_data import map_of_alerts
from api.console.session import User
from api.dependencies import Ports
from api.pages import console_page
from api.problems import Problem
from api.services import Services
from cases.standing import standing
from cases.steps import DEALER_MAY_SEE
from store.accounts import accounts_of
from store.case_steps import find_file, steps_of
from store.case_views import find_case

router = APIRouter(prefix="/console", include_in_schema=False)

DISMISSALS = (
    "permitted-sale", "natural-movement", "returned-goods", "wrong-master-data", "wrong-location",
    "test-or-showcase", "not-provable", "other",
)  # fmt: skip
DAYS_TO_ANSWER = 7
FIRST_ALERTS = 12
"""So many alerts are shown at once, the strongest first."""


@router.get("/cases/{case_id}")
async def show_case(case_id: str, request: Request, services: Ports, user: User) -> Response:
    """The page; a case that judging took back says so and stays readable."""
    w = cases_wording(request)
    content = await asyncio.to_thread(content_of, services, case_id, user, w)
    if content is None:
        return console_page("console/case_missing.html", status=404, w=w, user=user)
    officers = await asyncio.to_thread(accounts_of, services.engine)
    return console_page(
        "console/case.html",
        w=w,
        user=user,
        message=request.query_params.get("message", ""),
        dismissals=DISMISSALS,
        may_see=DEALER_MAY_SEE,
        days_to_answer=DAYS_TO_ANSWER,
        first_alerts=FIRST_ALERTS,
        officers=[one.user_name for one in officers if one.role != "dealer"],
        **content._asdict(),
    )


@router.get("/cases/{case_id}/map.json")
async def read_map(case_id: str, services: Ports, _user: User) -> Response:
    """As an alert's map, over all alerts of the case."""
    content = await asyncio.to_thread(_map_of, services, case_id)
    if content is None:
        raise Problem(404, "not-found", "there is no such case")
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _map_of(services: Services, case_id: str) -> dict[str, object] | None:
    row = find_case(services.engine, case_id)
    if row is None:
        return None
    now = standing(step.taken for step in steps_of(services.engine, case_id))
    return map_of_alerts(services, alerts_of(services, row, now), row.body.get("dealer_id"))


@router.get("/cases/{case_id}/files/{sha256}")
async def read_file(case_id: str, sha256: str, services: Ports, _user: User) -> Response:
    """A file of the case, always as a download: a browser must not run what a dealer sent."""
    file = await asyncio.to_thread(find_file, services.engine, case_id, sha256)
    if file is None:
        raise Problem(404, "not-found", "there is no such file")
    headers = {
        "Content-Disposition": f'attachment; filename="{sha256[:12]}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(file.content, 200, headers, "application/octet-stream")
