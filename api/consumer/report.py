"""A consumer's report: a form without JavaScript, with consent, maybe a photo, and a receipt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import APIRouter
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.body import limited
from api.consumer.errors import error_page, visit_gone, wording_of
from api.consumer.photos import LARGEST_PHOTO, PhotoError, clean_photo
from api.consumer.reading import read_item_code
from api.consumer.visitor import visit_book
from api.dependencies import Ports
from api.negotiation import prefers_json
from api.pages import consumer_page
from api.problems import Problem
from api.rate_limit import RateLimit
from api.services import Services
from api.wording import Wording
from store.reports import Photo, Report, add_report, find_report, new_receipt

router = APIRouter()

REPORTS_AN_HOUR = 10
_LARGEST_FORM = LARGEST_PHOTO + 64 * 1024
_LENGTHS = {"message": 4000, "bought_at": 300, "contact": 300}


def report_limit() -> RateLimit:
    """How many reports one address may send."""
    return RateLimit(REPORTS_AN_HOUR, timedelta(hours=1))


@router.post(
    "/v/{address}/report",
    tags=["consumer"],
    summary="Report something odd about an item",
    status_code=303,
    operation_id="send_report",
)
async def send_report(address: str, request: Request, services: Ports) -> Response:
    """Keeps the report and answers with the address of its receipt number."""
    visit = visit_book(services).read_address(address, services.clock())
    code = read_item_code(visit.uri, services.keys()) if visit is not None else None
    if code is None:
        return visit_gone(services, request)
    w = wording_of(services, request)
    try:
        _check_rate(services, request)
        consent = w("report_consent", days=services.settings.report_retention_days)
        async with _form(request) as form:
            photo = await _photo(form)
            report = _report(form, code.uri, code.subject, consent)
    except Problem as problem:
        return error_page(services, request, problem, w("error"), problem.detail)
    receipt = new_receipt(services.random_bytes)
    now = services.clock()
    await asyncio.to_thread(add_report, services.engine, receipt, report, photo, now)
    if prefers_json(request.headers.get("accept")):
        return JSONResponse({"receipt": receipt}, 201)
    return RedirectResponse(f"/v/{address}/report/{receipt}", 303)


@router.get(
    "/v/{address}/report/{receipt}",
    tags=["consumer"],
    summary="The receipt of a report",
    operation_id="read_receipt",
)
async def read_receipt(
    address: str, receipt: str, request: Request, services: Ports
) -> Response:
    """Shows the receipt number."""
    visit = visit_book(services).read_address(address, services.clock())
    report = await asyncio.to_thread(find_report, services.engine, receipt[:20])
    if visit is None or report is None or report.uri != visit.uri:
        return visit_gone(services, request)
    if prefers_json(request.headers.get("accept")):
        return JSONResponse({"receipt": receipt})
    return _receipt_page(services, wording_of(services, request), receipt, address)


def _receipt_page(services: Services, w: Wording, receipt: str, address: str) -> Response:
    return consumer_page(
        "consumer/receipt.html",
        nonce_bytes=services.random_bytes(16),
        w=w,
        brand=services.settings.brand_name,
        receipt=receipt,
        address=address,
    )


def _check_rate(services: Services, request: Request) -> None:
    limit: RateLimit = request.app.state.report_limit
    who = request.client.host if request.client else ""
    if not limit.allows(who, services.clock()):
        later = {"Retry-After": "3600"}
        raise Problem(429, "rate-limited", "too many reports; try again later", headers=later)


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """The form's fields; the uploaded file is gone with the block."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise Problem(415, "content-type-unsupported", "a report is a form")
    try:
        bounded = limited(request, _LARGEST_FORM)
        async with bounded.form(max_files=1, max_fields=10, max_part_size=64 * 1024) as form:
            yield form
    except HTTPException as error:
        raise Problem(400, "form-invalid", str(error.detail)) from None


async def _photo(form: FormData) -> Photo | None:
    upload = form.get("photo")
    if not isinstance(upload, UploadFile):
        return None
    raw = await upload.read(LARGEST_PHOTO + 1)
    if not raw:
        return None
    try:
        return await asyncio.to_thread(clean_photo, raw)
    except PhotoError as error:
        raise Problem.of(error) from None


def _report(form: FormData, uri: str, subject: str, consent: str) -> Report:
    texts = {name: _text(form, name) for name in _LENGTHS}
    if form.get("consent") != "yes":
        raise Problem(422, "consent-missing", "a report needs your consent", field="consent")
    if not texts["message"]:
        raise Problem(422, "form-invalid", "please say what you noticed", field="message")
    return Report(uri=uri, subject=subject, consent_text=consent, **texts)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    text = value.strip().replace("\x00", "") if isinstance(value, str) else ""
    if len(text) > _LENGTHS[name]:
        raise Problem(
            422, "form-invalid", f"at most {_LENGTHS[name]} characters are taken", field=name
        )
    return text
