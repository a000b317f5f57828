"""Forms that take a step on a case: from the fields of a form to the step that they mean."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import cast, get_args
from urllib.parse import quote

from fastapi import APIRouter
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.body import limited
from api.console.cases.filters import filter_of, query_of
from api.console.cases.uploads import FORM_BYTES, MOST_FILES, attachments_of, files_of
from api.console.session import COOKIE, LoggedIn, User, csrf_holds
from api.dependencies import Ports
from api.problems import Problem
from api.services import Services
from cases.errors import CaseError, case_unknown, step_invalid
from cases.steps import (
    DEALER_MAY_SEE,
    Archive,
    Ask,
    Assign,
    Attach,
    Comment,
    Confirm,
    Dismiss,
    DismissalReason,
    Reopen,
    Silence,
    Step,
)
from store.case_joins import merge_case, split_case
from store.case_steps import Author, StoredFile, take_step
from store.case_views import CaseRow, find_case
from store.instants import to_us
from store.saved_views import SavedView, drop_view, save_view

router = APIRouter(prefix="/console", include_in_schema=False)

MOST_AT_ONCE = 200
_SMALL_FORM = 256 * 1024


async def form_of(request: Request, services: Services, *, largest: int) -> FormData:
    """The form, if it was sent from a page of ours.

    Raises:
        Problem: it was not, or it is too large.
    """
    form = await limited(request, largest).form(max_files=MOST_FILES, max_fields=2 * MOST_AT_ONCE)
    if not csrf_holds(services, request.cookies.get(COOKIE, ""), form.get("csrf")):
        raise Problem(403, "form-invalid", "the form was not sent from a page of this session")
    return form


@router.post("/cases/{case_id}/steps")
async def post_step(case_id: str, request: Request, services: Ports, user: User) -> Response:
    """Take one step, and show the case again."""
    form = await form_of(request, services, largest=FORM_BYTES)
    try:
        files = await files_of(form)
        target = await asyncio.to_thread(_take, services, case_id, form, user, files)
    except CaseError as error:
        return _back(case_id, message_of(error))
    return _back(target, "")


def message_of(error: CaseError) -> str:
    """The error's name in an address; with the field, where the words say more about that."""
    return f"{error.type}_{error.field}" if error.type == "case-step-invalid" else error.type


def _back(case_id: str, message: str) -> Response:
    query = f"?message={quote(message)}" if message else ""
    return RedirectResponse(f"/console/cases/{quote(case_id)}{query}", 303)


def _take(
    services: Services, case_id: str, form: FormData, user: LoggedIn, files: list[StoredFile]
) -> str:
    """Take the step that the form means; returns the case to go on with."""
    row = find_case(services.engine, case_id)
    if row is None:
        raise case_unknown()
    now_us = to_us(services.clock())
    author = Author(user.user_name, user.role, services.random_bytes, seen=_number(form, "seen"))
    name = _text(form, "step")
    if name == "merge":
        into = _text(form, "into").strip()
        merge_case(services.engine, case_id, into, author, at_us=now_us)
        return into
    if name == "split":
        chosen = [str(value) for value in form.getlist("alert")]
        return split_case(services.engine, case_id, chosen, author, at_us=now_us)
    make = _MAKERS.get(name)
    if make is None:
        raise step_invalid("there is no such step", "step")
    step = make(form, row, now_us, files)
    take_step(services.engine, case_id, step, author, at_us=now_us, files=files)
    return case_id


Maker = Callable[[FormData, CaseRow, int, list[StoredFile]], Step]


def _ask(form: FormData, row: CaseRow, now_us: int, _files: list[StoredFile]) -> Step:
    dealer_id = row.body.get("dealer_id")
    if dealer_id is None:
        raise step_invalid("nobody is held responsible", "dealer_id")
    days = _number(form, "days") or 7
    told = tuple(name for name in DEALER_MAY_SEE if name in form.getlist("told"))
    due_us = now_us + timedelta(days=min(max(days, 1), 365)) // timedelta(microseconds=1)
    return Ask(dealer_id, _text(form, "text"), due_us, told)


def _silence(form: FormData, _row: CaseRow, now_us: int, _files: list[StoredFile]) -> Step:
    days = min(max(_number(form, "days") or 7, 1), 365)
    return Silence(now_us + timedelta(days=days) // timedelta(microseconds=1), _text(form, "text"))


_MAKERS: dict[str, Maker] = {
    "assign": lambda form, _row, _now, _files: Assign(_text(form, "assignee") or None),
    "comment": lambda form, _row, _now, _files: Comment(_text(form, "text")),
    "ask": _ask,
    "attach": lambda form, _row, _now, files: Attach(_text(form, "text"), attachments_of(files)),
    "confirm": lambda form, _row, _now, _files: Confirm(_text(form, "text")),
    "dismiss": lambda form, _row, _now, _files: Dismiss(_reason(form), _text(form, "text")),
    "reopen": lambda form, _row, _now, _files: Reopen(_text(form, "text")),
    "archive": lambda form, row, _now, _files: Archive(row.alerts, _text(form, "text")),
    "silence": _silence,
}


def _reason(form: FormData) -> DismissalReason:
    reason = _text(form, "reason")
    if reason not in get_args(DismissalReason):
        raise step_invalid("a reason of the list is needed", "reason")
    return cast(DismissalReason, reason)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _number(form: FormData, name: str) -> int | None:
    text = _text(form, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


@router.post("/cases/assign")
async def assign_many(request: Request, services: Ports, user: User) -> Response:
    """Give several cases to somebody at once; those that cannot be given are passed over."""
    form = await form_of(request, services, largest=_SMALL_FORM)
    chosen = [str(value) for value in form.getlist("case")][:MOST_AT_ONCE]
    refused = await asyncio.to_thread(_assign_all, services, chosen, _text(form, "assignee"), user)
    query = query_of(filter_of(QueryParams(_text(form, "query"))))
    told = f"given={len(chosen) - refused}&refused={refused}"
    return RedirectResponse(f"/console/cases?{query}&{told}", 303)


def _assign_all(services: Services, chosen: list[str], assignee: str, user: LoggedIn) -> int:
    refused, author = 0, Author(user.user_name, user.role, services.random_bytes)
    for case_id in chosen:
        step = Assign(assignee or None)
        try:
            take_step(services.engine, case_id, step, author, at_us=to_us(services.clock()))
        except CaseError:
            refused += 1
    return refused


@router.post("/views")
async def keep_view(request: Request, services: Ports, user: User) -> Response:
    """Save the list's address under a name, or forget one."""
    form = await form_of(request, services, largest=_SMALL_FORM)
    query = query_of(filter_of(QueryParams(_text(form, "query"))))
    name = _text(form, "name").strip()
    try:
        if _text(form, "drop"):
            await asyncio.to_thread(drop_view, services.engine, user.user_name, name)
        else:
            at_us = to_us(services.clock())
            view = SavedView(name, query)
            await asyncio.to_thread(save_view, services.engine, user.user_name, view, at_us=at_us)
    except CaseError as error:
        raise Problem(422, "form-invalid", error.detail, field=error.field) from None
    return RedirectResponse(f"/console/cases?{query}", 303)
