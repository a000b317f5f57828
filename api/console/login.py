"""Login and logout."""

import asyncio
from datetime import timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.body import limited
from api.console.session import (
    COOKIE,
    console_wording,
    csrf_holds,
    csrf_token,
    safe_target,
    set_session,
    user_of,
)
from api.dependencies import Ports
from api.pages import console_page
from api.rate_limit import RateLimit
from api.services import Services
from store.accounts import begin_session, end_session, password_holds

router = APIRouter(prefix="/console", include_in_schema=False)

FORM_COOKIE = "tw_login"
TRIES = 10
WINDOW = timedelta(minutes=15)
_FORM_BYTES = 16 * 1024


def login_limit() -> RateLimit:
    """How many wrong passwords one address may try for one name."""
    return RateLimit(TRIES, WINDOW)


@router.get("/login")
async def show_login(request: Request, services: Ports) -> Response:
    """The form."""
    target = safe_target(request.query_params.get("next"))
    if await user_of(request, services) is not None:
        return RedirectResponse(target, 303)
    return _form(services, request, target=target)


@router.post("/login")
async def log_in(request: Request, services: Ports) -> Response:
    """Begin a session, or show the form again without saying what was wrong with it."""
    form = await limited(request, _FORM_BYTES).form(max_files=0, max_fields=8)
    target = safe_target(form.get("next"))
    if not csrf_holds(services, request.cookies.get(FORM_COOKIE, ""), form.get("csrf")):
        return _form(services, request, target=target, status=403, message="login_again")
    name, password = str(form.get("user_name", "")), str(form.get("password", ""))
    limit: RateLimit = request.app.state.login_limit
    who = f"{request.client.host if request.client else ''} {name[:128]}"
    if not limit.allows(who, services.clock()):
        return _form(services, request, target=target, status=429, message="login_limited")
    if not await asyncio.to_thread(password_holds, services.engine, name, password):
        return _form(services, request, target=target, status=401, message="login_wrong")
    limit.forget(who)
    token = await asyncio.to_thread(
        begin_session,
        services.engine,
        name,
        now=services.clock(),
        entropy=services.random_bytes,
    )
    response = RedirectResponse(target, 303)
    set_session(services, response, token)
    response.delete_cookie(FORM_COOKIE, path="/console")
    return response


@router.post("/logout")
async def log_out(request: Request, services: Ports) -> Response:
    """End the session."""
    form = await limited(request, _FORM_BYTES).form(max_files=0, max_fields=8)
    token = request.cookies.get(COOKIE, "")
    if token and csrf_holds(services, token, form.get("csrf")):
        await asyncio.to_thread(end_session, services.engine, token)
    response = RedirectResponse("/console/login", 303)
    response.delete_cookie(COOKIE, path="/console")
    return response


def _form(
    services: Services,
    request: Request,
    *,
    target: str,
    status: int = 200,
    message: str | None = None,
) -> Response:
    session = request.cookies.get(FORM_COOKIE) or services.random_bytes(16).hex()
    response = console_page(
        "console/login.html",
        status=status,
        w=console_wording(request),
        csrf=csrf_token(services, session),
        target=target,
        message=message,
        user=None,
    )
    response.set_cookie(
        FORM_COOKIE,
        session,
        max_age=3600,
        path="/console",
        httponly=True,
        samesite="lax",
        secure=services.settings.is_https,
    )
    return response
