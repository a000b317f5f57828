"""The endpoints of the pages: each page, its web manifest, and what both share."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.dependencies import Ports
from api.field.dictionary import dictionary_json
from api.field.shell import DICTIONARY, manifest_path, service_worker
from api.negotiation import language_of
from api.pages import render
from api.security_headers import FIELD_POLICY, WORKER_POLICY
from api.services import Services
from api.wording import Wording, texts

router = APIRouter(include_in_schema=False)

_REVALIDATED = {"Cache-Control": "no-cache"}
_DEVICE = "camera=(self), geolocation=(self), microphone=(), browsing-topics=()"


def _wording(services: Services, request: Request) -> Wording:
    language = language_of(request.headers.get("accept-language"))
    return Wording("api.field", language, brand=services.settings.brand_name)


def _page(services: Services, request: Request, name: str) -> Response:
    w = _wording(services, request)
    html = render(
        f"field/{name}.html",
        w=w,
        brand=services.settings.brand_name,
        page=name,
        manifest=manifest_path(name),
        words=_words_of(w, services.settings.brand_name),
    )
    headers = {
        **_REVALIDATED,
        "Content-Security-Policy": FIELD_POLICY,
        "Permissions-Policy": _DEVICE,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(html, headers=headers)


def _words_of(w: Wording, brand: str) -> dict[str, str]:
    """All words in one language; the page fills the other places itself."""
    return {
        key: text[w.language].replace("{brand}", brand) for key, text in texts("api.field").items()
    }


@router.get("/field/inspector")
async def show_inspector(request: Request, services: Ports) -> Response:
    """For inspectors: read a code and verify it without a connection."""
    return _page(services, request, "inspector")


@router.get("/field/warehouse")
async def show_warehouse(request: Request, services: Ports) -> Response:
    """For warehouse staff: outbound, receipt and return scans, kept until they are sent."""
    return _page(services, request, "warehouse")


def _manifest(services: Services, request: Request, name: str) -> Response:
    w = _wording(services, request)
    icons = [
        {"src": f"/static/field/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png",
         "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    manifest: dict[str, Any] = {
        "id": f"/field/{name}",
        "name": w(f"{name}_name"),
        "short_name": w(f"{name}_short"),
        "lang": w.language,
        "start_url": f"/field/{name}",
        "scope": "/field/",
        "display": "standalone",
        "background_color": "#f3f5f7",
        "theme_color": "#14202e",
        "icons": icons,
    }
    return JSONResponse(manifest, headers=_REVALIDATED, media_type="application/manifest+json")


@router.get(manifest_path("inspector"))
async def read_inspector_manifest(request: Request, services: Ports) -> Response:
    """By which a phone installs the inspector's page."""
    return _manifest(services, request, "inspector")


@router.get(manifest_path("warehouse"))
async def read_warehouse_manifest(request: Request, services: Ports) -> Response:
    """By which a phone installs the warehouse's page."""
    return _manifest(services, request, "warehouse")


@router.get("/field/sw.js")
async def read_service_worker() -> Response:
    """The service worker of both pages."""
    headers = {**_REVALIDATED, "Content-Security-Policy": WORKER_POLICY}
    return Response(service_worker(), headers=headers, media_type="text/javascript")


@router.get(DICTIONARY)
async def read_dictionary() -> Response:
    """GS1's application identifiers, as this service knows them."""
    return Response(dictionary_json(), headers=_REVALIDATED, media_type="application/json")
