"""Alerts as they change, as server-sent events; resumable by the number of the last change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.console.filters import filter_of, lets_pass
from api.console.lines import line_of
from api.console.session import console_wording, user_of
from api.dependencies import Ports
from api.pages import render
from api.problems import Problem
from api.services import Services
from api.wording import Wording
from store.alert_views import AlertFilter, AlertRow, alerts_changed_after, newest_change
from store.instants import to_us

router = APIRouter(prefix="/console", include_in_schema=False)

LOOKS_EVERY_S = 0.4
SAYS_SOMETHING_EVERY = timedelta(seconds=15)
"""A comment keeps the connection open, and the session is looked at again."""
MOST_ROWS = 200


@router.get("/alerts/stream")
async def stream_alerts(request: Request, services: Ports) -> Response:
    """Events ``alert`` (``{"id","html"}``) and ``gone`` (``{"id"}``) for the narrowed list."""
    user = await user_of(request, services)
    if user is None or not user.reads_cases:
        raise Problem(401, "credentials-invalid", "nobody is logged in who may read alerts")
    after = await _start(request, services)
    stream = _changes(request, services, filter_of(request), console_wording(request), after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, headers=headers, media_type="text/event-stream")


async def _start(request: Request, services: Services) -> int:
    """After which change the stream begins: the browser's last, the page's, or now."""
    told = request.headers.get("last-event-id") or request.query_params.get("after") or ""
    if told.isascii() and told.isdecimal() and len(told) <= 18:
        return int(told)
    return await asyncio.to_thread(newest_change, services.engine)


async def _changes(
    request: Request, services: Services, narrowed: AlertFilter, w: Wording, after: int
) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    spoke_at = services.clock()
    while not services.stopping():
        rows, events = await asyncio.to_thread(_news, services, narrowed, w, after)
        for event in events:
            yield event
        after = rows[-1].change if rows else after
        now = services.clock()
        if rows:
            spoke_at = now
        elif now - spoke_at >= SAYS_SOMETHING_EVERY:
            if await user_of(request, services) is None:
                return
            spoke_at = now
            yield b": still here\n\n"
        if await request.is_disconnected():
            return
        if len(rows) < MOST_ROWS:
            await asyncio.sleep(LOOKS_EVERY_S)


def _news(
    services: Services, narrowed: AlertFilter, w: Wording, after: int
) -> tuple[list[AlertRow], list[bytes]]:
    """What changed after a change; asks the database."""
    rows = alerts_changed_after(services.engine, after, MOST_ROWS)
    return rows, [_event(services, row, narrowed, w) for row in rows]


def _event(services: Services, row: AlertRow, narrowed: AlertFilter, w: Wording) -> bytes:
    name, content = "gone", {"id": row.alert_id}
    severity, rule = row.body["severity"], row.body["rule"]
    if row.holds and lets_pass(narrowed, severity=severity, rule=rule):
        line = line_of(row, services.registry(), to_us(services.clock()), w.language)
        name, content["html"] = "alert", render("console/line.html", line=line, w=w)
    data = msgspec.json.encode(content)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (row.change, name.encode(), data)
