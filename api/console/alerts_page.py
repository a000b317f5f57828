"""The list of alerts, complete as it is served; a script then keeps it live."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.cards import title_of
from api.console.filters import SEVERITIES, filter_of, query_of
from api.console.lines import line_of
from api.console.session import User, console_wording
from api.dependencies import Ports
from api.negotiation import Language
from api.pages import console_page
from api.services import Services
from store.alert_views import (
    AlertFilter,
    count_by_severity,
    newest_alerts,
    newest_change,
    rules_seen,
)
from store.instants import to_us

router = APIRouter(prefix="/console", include_in_schema=False)

MOST_LINES = 200


@router.get("")
async def lead_in() -> Response:
    """The address as people type it."""
    return RedirectResponse("/console/", 308)


@router.get("/")
async def show_alerts(request: Request, services: Ports, user: User) -> Response:
    """Alerts that hold, the latest first."""
    w = console_wording(request)
    narrowed = filter_of(request)
    content = await asyncio.to_thread(_content, services, narrowed, w.language)
    return console_page(
        "console/alerts.html",
        w=w,
        user=user,
        narrowed=narrowed,
        severities=SEVERITIES,
        stream_query=query_of(narrowed),
        most_lines=MOST_LINES,
        **content,
    )


def _content(services: Services, narrowed: AlertFilter, language: Language) -> dict[str, Any]:
    # The change is read first: what changes meanwhile is in the list or in the stream, or in both.
    change = newest_change(services.engine)
    registry, known_us = services.registry(), to_us(services.clock())
    rows = newest_alerts(services.engine, narrowed, MOST_LINES)
    rules = sorted({*rules_seen(services.engine), *narrowed.rules})
    return {
        "change": change,
        "lines": [line_of(row, registry, known_us, language) for row in rows],
        "counts": count_by_severity(services.engine),
        "rules": [(rule, title_of(rule, language)) for rule in rules],
    }
