"""The application: every router, every error in its form, and the relay that runs beside them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from api import evidence_log, reference, verifying, well_known
from api.console import (
    alert_page,
    alert_stream,
    alerts_page,
    login,
    map_data,
    policy_room,
    taking_out,
)
from api.console.cases import case_page, list_page, questions, step_forms
from api.console.refusals import is_at_console, refusal_page
from api.console.session import LoginNeeded, WrongRoom, to_login, to_own_room
from api.consumer import hidden_code, location, report, visit
from api.consumer.errors import error_page, not_an_item, wording_of
from api.consumer.report import report_limit
from api.epcis import capture, queries
from api.epcis.problems import epcis_response, is_epcis
from api.field import pages as field_pages
from api.outbox_relay import OutboxRelay
from api.partner import intake, item_event_files, outcomes, print_reports
from api.partner.bearer import KeyCache
from api.problems import Problem, problem_of_status
from api.resolver import about, description, resolve
from api.retention import keep_forgetting
from api.security_headers import SecurityHeaders
from api.services import Services
from evidence.errors import EvidenceError
from store.evidence_fence import UNGUARDED

_log = logging.getLogger(__name__)

_ROUTERS = (
    resolve, about, description, field_pages, visit, location, hidden_code, report, intake,
    outcomes, item_event_files, print_reports, capture, queries, well_known, evidence_log,
    reference, login, alerts_page, alert_stream, alert_page, map_data, list_page, step_forms,
    case_page, questions, taking_out, policy_room, verifying,
)
_MACHINE_PATHS = ("/v1/", "/epcis/", "/.well-known/", "/log/", "/healthz", "/openapi.json")


def create_app(services: Services) -> FastAPI:
    """The ASGI application over these services."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        relay: OutboxRelay = app.state.relay
        relay.start()
        forgetting = asyncio.create_task(keep_forgetting(services), name="retention")
        yield
        forgetting.cancel()
        await asyncio.gather(forgetting, return_exceptions=True)
        await relay.stop()

    app = FastAPI(
        title="Tracewarden",
        version="1",
        summary="Item-level traceability and anti-diversion",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    app.state.relay = OutboxRelay(services)
    app.state.key_cache = KeyCache()
    app.state.report_limit = report_limit()
    app.state.login_limit = login.login_limit()
    for module in _ROUTERS:
        app.include_router(module.router)
    static = Path(__file__).with_name("static")
    app.mount("/static", StaticFiles(directory=static), name="static")
    app.add_middleware(SecurityHeaders, is_https=services.settings.is_https)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(LoginNeeded, _answer_login_needed)
    app.add_exception_handler(WrongRoom, _answer_wrong_room)
    for refusal in UNGUARDED:
        app.add_exception_handler(refusal, _answer_unguarded)
    app.add_exception_handler(Exception, _answer_fault)
    return app


def _is_for_machines(request: Request) -> bool:
    return request.url.path.startswith(_MACHINE_PATHS)


async def _answer(request: Request, problem: Problem) -> Response:
    """A problem for programs, a page for people."""
    services: Services = request.app.state.services
    if is_epcis(request):
        return epcis_response(problem)
    if is_at_console(request):
        return await refusal_page(services, request, problem)
    if _is_for_machines(request):
        return problem.response()
    if problem.status == 404:
        return not_an_item(services, request)
    w = wording_of(services, request)
    return error_page(services, request, problem, w("error"), problem.detail)


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    if is_at_console(request):
        return await refusal_page(request.app.state.services, request, error)
    return epcis_response(error) if is_epcis(request) else error.response()


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _answer(request, problem_of_status(error.status_code, error.detail, error.headers))


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    problem = Problem(422, "query-invalid", str(first["msg"]), field=field or None)
    return await _answer(request, problem)


async def _answer_login_needed(request: Request, _error: Exception) -> Response:
    return to_login(request)


async def _answer_wrong_room(request: Request, _error: Exception) -> Response:
    return to_own_room(request)


async def _answer_unguarded(request: Request, error: Exception) -> Response:
    assert isinstance(error, EvidenceError)
    _log.error("nothing can be logged: %s: %s", error.type, error.detail)
    return await _answer(request, Problem.of(error, status=503))


async def _answer_fault(request: Request, error: Exception) -> Response:
    _log.error("a fault of the service", exc_info=error)
    problem = Problem(500, "internal-error", "a fault of the service; it is logged")
    return await _answer(request, problem)
