"""The button that takes an alert or a case out as one file."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from api.body import limited
from api.bundle.taking_out import Wish, take_out
from api.console.session import COOKIE, LoggedIn, User, csrf_holds
from api.dependencies import Ports
from api.problems import Problem
from api.services import Services
from evidence.errors import EvidenceError
from store.evidence_fence import UNGUARDED
from store.evidence_signed import NotSignedError, PublishedLog

router = APIRouter(prefix="/console", include_in_schema=False)

LONGEST_PURPOSE = 500
_FORM_BYTES = 16 * 1024
_UNKNOWN = frozenset({"alert-unknown", "case-unknown"})


@router.post("/alerts/{alert_id}/bundle")
async def take_alert(alert_id: str, request: Request, services: Ports, user: User) -> Response:
    """The bundle of an alert; the export is an entry of the log."""
    return await _taken(request, services, user, f"alert-{alert_id[:12]}", alert_ids=[alert_id])


@router.post("/cases/{case_id}/bundle")
async def take_case(case_id: str, request: Request, services: Ports, user: User) -> Response:
    """The bundle of a case; likewise."""
    return await _taken(request, services, user, f"case-{case_id[:12]}", case_id=case_id)


async def _taken(
    request: Request, services: Services, user: LoggedIn, name: str, **what: Any
) -> Response:
    form = await limited(request, _FORM_BYTES).form(max_files=0, max_fields=8)
    if not csrf_holds(services, request.cookies.get(COOKIE, ""), form.get("csrf")):
        raise Problem(403, "form-invalid", "the form was not sent from a page of this session")
    wish = _wish(form, user, **what)
    signed = PublishedLog(services.engine)
    try:
        done = await asyncio.to_thread(take_out, services, signed, wish, anchor=services.anchor)
    except (NotSignedError, *UNGUARDED) as error:
        raise Problem.of(error, status=503) from None
    except EvidenceError as error:
        raise Problem.of(error, status=404 if error.type in _UNKNOWN else 409) from None
    safe = "".join(char if char.isalnum() and char.isascii() else "-" for char in name)
    headers = {
        "Content-Disposition": f'attachment; filename="{safe}-{done.entry}.zip"',
        "Cache-Control": "no-store",
    }
    return Response(done.data, 200, headers, "application/zip")


def _wish(form: FormData, user: LoggedIn, **what: Any) -> Wish:
    purpose = str(form.get("purpose", "")).strip()
    if not purpose or len(purpose) > LONGEST_PURPOSE:
        detail = f"say for whom, in up to {LONGEST_PURPOSE} characters"
        raise Problem(422, "purpose-invalid", detail, field="purpose")
    return Wish(
        officer=user.user_name,
        purpose=purpose,
        without_events=form.get("events") != "yes",
        with_words=form.get("words") == "yes",
        **what,
    )
