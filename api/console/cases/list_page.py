"""The list of cases: narrowed, sorted, saved as a view, and taken along as CSV or JSON."""

import asyncio
import csv
import io
from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.console.cases.filters import STATES, filter_of, query_of
from api.console.cases.lines import CaseLine, line_of
from api.console.cases.wording import cases_wording
from api.console.lines import dealer_name, territory_name
from api.console.session import User
from api.dependencies import Ports
from api.pages import console_page
from api.services import Services
from api.wording import Wording
from registry.book import Registry
from store.accounts import accounts_of
from store.case_alerts import alert_ids_of
from store.case_views import (
    SORTS,
    CaseFilter,
    CaseRow,
    Choices,
    choices,
    count_by_state,
    count_cases,
    list_cases,
)
from store.instants import to_us
from store.saved_views import views_of
from store.transactions import reading

router = APIRouter(prefix="/console", include_in_schema=False)

MOST_LINES = 200
MOST_EXPORTED = 20_000


@router.get("/cases")
async def show_cases(request: Request, services: Ports, user: User) -> Response:
    """Cases that wait for somebody, the gravest first, unless the address says otherwise."""
    narrowed, w = filter_of(request.query_params), cases_wording(request)
    content = await asyncio.to_thread(_content, services, narrowed, user.user_name)
    return console_page(
        "console/cases.html",
        w=w,
        user=user,
        narrowed=narrowed,
        query=query_of(narrowed),
        states=STATES,
        sorts=SORTS,
        most_lines=MOST_LINES,
        may_work=user.role != "auditor",
        given=_number(request, "given"),
        refused=_number(request, "refused"),
        **content,
    )


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


def _content(services: Services, narrowed: CaseFilter, user_name: str) -> dict[str, Any]:
    registry, now_us = services.registry(), to_us(services.clock())
    found = choices(services.engine)
    narrowed = named(narrowed, found, registry, now_us)
    rows = list_cases(services.engine, narrowed, MOST_LINES)
    return {
        "lines": [line_of(row, registry, now_us) for row in rows],
        "total": count_cases(services.engine, narrowed),
        "counts": count_by_state(services.engine),
        "kinds": found.kinds,
        "dealers": [(one, dealer_name(registry, one, now_us)) for one in found.dealers],
        "territories": [(one, territory_name(registry, one)) for one in found.territories],
        "officers": [one.user_name for one in accounts_of(services.engine) if one.role != "dealer"],
        "views": views_of(services.engine, user_name),
    }


def named(narrowed: CaseFilter, found: Choices, registry: Registry, known_us: int) -> CaseFilter:
    """The filter with those of the dealers and territories found whose names hold its text."""
    text = narrowed.text.casefold()
    if not text:
        return narrowed
    dealers = ((one, dealer_name(registry, one, known_us)) for one in found.dealers)
    territories = ((one, territory_name(registry, one)) for one in found.territories)
    return narrowed._replace(
        named_dealers=_holding(text, dealers), named_territories=_holding(text, territories)
    )


def _holding(text: str, names: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    return tuple(one for one, name in names if name is not None and text in name.casefold())


def _exported(services: Services, narrowed: CaseFilter) -> list[CaseRow]:
    found, now_us = choices(services.engine), to_us(services.clock())
    full = named(narrowed, found, services.registry(), now_us)
    return list_cases(services.engine, full, MOST_EXPORTED)


@router.get("/cases.json")
async def export_json(request: Request, services: Ports, _user: User) -> Response:
    """The cases of the same list in the form of ``cases.jsonl``, with where they stand."""
    narrowed = filter_of(request.query_params)
    listed = await asyncio.to_thread(_listed, services, narrowed)
    return _download(msgspec.json.encode(listed), "application/json", "cases.json")


def _listed(services: Services, narrowed: CaseFilter) -> list[dict[str, Any]]:
    rows = _exported(services, narrowed)
    with reading(services.engine) as connection:
        alert_ids = alert_ids_of(connection, [row.case_id for row in rows])
    return [
        row.body
        | {"alert_ids": alert_ids[row.case_id], "state": row.state}
        | {"assignee": row.assignee, "holds": row.holds}
        for row in rows
    ]


@router.get("/cases.csv")
async def export_csv(request: Request, services: Ports, _user: User) -> Response:
    """The same list as a table for spreadsheets."""
    narrowed, w = filter_of(request.query_params), cases_wording(request)
    text = await asyncio.to_thread(_table, services, narrowed, w)
    # The mark tells spreadsheets that it is UTF-8.
    return _download(b"\xef\xbb\xbf" + text.encode(), "text/csv; charset=utf-8", "cases.csv")


def _table(services: Services, narrowed: CaseFilter, w: Wording) -> str:
    registry, now_us = services.registry(), to_us(services.clock())
    rows = _exported(services, narrowed)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([w(f"column_{name}") for name in _COLUMNS])
    for row in rows:
        writer.writerow(_cells(line_of(row, registry, now_us), w))
    return text.getvalue()


_COLUMNS = (
    "case", "kind", "state", "tier", "sure", "dealer", "territory", "products", "alerts",
    "exposure", "low", "high", "opened", "due", "assignee",
)  # fmt: skip


def _cells(line: CaseLine, w: Wording) -> list[str]:
    cells = [
        line.case_id,
        w(f"kind_{line.kind}"),
        w(f"state_{line.state}"),
        str(line.tier),
        f"{line.percent} %",
        line.dealer or "",
        line.territory or "",
        "; ".join(line.products),
        str(line.alerts),
        line.exposure or "",
        *line.exposure_range,
        line.opened_at.isoformat(),
        line.due_at.isoformat() if line.due_at else "",
        line.assignee or "",
    ]
    return [harmless(cell) for cell in cells]


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, 'CSV Injection')."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, 200, headers, media_type)
