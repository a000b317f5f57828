"""The page of one visit: the verdict first, as HTML or JSON."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.consumer.errors import visit_gone, wording_of
from api.consumer.view import VerdictView, as_json, view_of
from api.consumer.visitor import is_own_visit, visit_book
from api.dependencies import Ports
from api.negotiation import prefers_json
from api.pages import consumer_page
from api.services import Services
from codes.errors import CodeError

router = APIRouter()


@router.head("/v/{address}", include_in_schema=False)
@router.get(
    "/v/{address}",
    tags=["consumer"],
    summary="The verdict of one visit",
    operation_id="read_visit",
)
async def read_visit(address: str, request: Request, services: Ports) -> Response:
    """Shows what is known of the code; looking at it is no scan."""
    visit = visit_book(services).read_address(address, services.clock())
    if visit is None:
        return visit_gone(services, request)
    is_own = is_own_visit(services, request, visit)
    try:
        view = await asyncio.to_thread(view_of, services, visit, is_own=is_own)
    except (CodeError, LookupError):
        return visit_gone(services, request)
    if prefers_json(request.headers.get("accept")):
        headers = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"}
        return JSONResponse(dict(as_json(view, address)), headers=headers)
    return verdict_page(services, request, view, address)


def verdict_page(
    services: Services, request: Request, view: VerdictView, address: str
) -> Response:
    """The page."""
    return consumer_page(
        "consumer/verdict.html",
        nonce_bytes=services.random_bytes(16),
        w=wording_of(services, request),
        brand=services.settings.brand_name,
        settings=services.settings,
        view=view,
        address=address,
        crs=crs_of_browser(request.headers.get("user-agent")),
    )


def crs_of_browser(user_agent: str | None) -> str:
    """WeChat's browser may report GCJ-02 in China and does not say so; others keep to WGS-84."""
    return "unknown" if "micromessenger" in (user_agent or "").lower() else "wgs84"
