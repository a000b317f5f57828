"""Public keys, health, and what crawlers are told."""

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.dependencies import Ports
from api.problems import Problem
from api.services import Services
from codes.jwks import dump_jwks
from events.errors import TracewardenError
from store.transactions import reading

router = APIRouter()

CHECK_TIMEOUT_S = 5.0


@router.get(
    "/.well-known/jwks.json",
    tags=["public"],
    summary="The public keys that codes are verified with",
    operation_id="read_keys",
)
async def read_keys(services: Ports) -> Response:
    """A JWK set (RFC 7517, RFC 8037); a revoked key carries `revoked_at`."""
    keys = await asyncio.to_thread(services.keys)
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return Response(dump_jwks(keys.values()), 200, headers, "application/jwk-set+json")


@router.get(
    "/healthz", tags=["public"], summary="Whether work can be taken", operation_id="read_health"
)
async def read_health(services: Ports) -> Response:
    """200 when the database answers and everything else is up; else 503."""
    names = ["database", *services.checks]
    answers = await asyncio.gather(
        _answers(_database(services)), *(_answers(check()) for check in services.checks.values())
    )
    checks = dict(zip(names, answers, strict=True))
    if not all(answers):
        down = ", ".join(name for name, up in checks.items() if not up)
        raise Problem(503, "not-ready", f"not up: {down}", headers={"Retry-After": "1"})
    return JSONResponse({"status": "ok", "checks": checks}, headers={"Cache-Control": "no-store"})


async def _answers(check: Awaitable[bool]) -> bool:
    try:
        return await asyncio.wait_for(check, CHECK_TIMEOUT_S)
    except (TimeoutError, OSError, TracewardenError):
        return False


async def _database(services: Services) -> bool:
    def ask() -> bool:
        try:
            with reading(services.engine) as connection:
                return bool(connection.execute(text("SELECT 1")).scalar_one() == 1)
        except SQLAlchemyError:
            return False

    return await asyncio.to_thread(ask)


@router.get("/robots.txt", include_in_schema=False)
async def read_robots(_request: Request) -> Response:
    """Nothing here is for search engines."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
