"""For whoever checks our evidence: the verifier as a page, and what others signed of the log."""

import asyncio
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from api.dependencies import Ports
from api.problems import Problem
from api.services import Services
from store.evidence_anchors import last_cosigned
from store.evidence_log import EvidenceLog
from store.transactions import reading

router = APIRouter()


@router.get("/verify", include_in_schema=False)
async def show_verifier() -> Response:
    """The page. Who does not trust us takes the same file from the package instead."""
    page, policy = _page()
    headers = {"Content-Security-Policy": policy, "Cache-Control": "public, max-age=3600"}
    return HTMLResponse(page, headers=headers)


@cache
def _page() -> tuple[str, str]:
    """The page, and a policy that lets its own script run and nothing else happen."""
    page = files("verifier").joinpath("verify.html").read_text(encoding="utf-8")
    hashes = [
        b64encode(
            sha256(page.split(f"<{tag}>")[1].split(f"</{tag}>")[0].encode()).digest()
        ).decode()
        for tag in ("script", "style")
    ]
    policy = (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page, policy


@router.get(
    "/log/cosigned",
    tags=["public"],
    summary="The newest checkpoint of the evidence log with its cosignatures",
    operation_id="read_cosigned",
)
async def read_cosigned(services: Ports) -> Response:
    """A C2SP signed note; `/log/checkpoint` is newer and signed by the log alone."""
    note = await asyncio.to_thread(_cosigned, services)
    if note is None:
        raise Problem(404, "not-found", "nobody outside has signed for the log yet")
    headers = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}
    return PlainTextResponse(note, headers=headers)


def _cosigned(services: Services) -> str | None:
    with reading(services.engine) as conn:
        note = last_cosigned(conn, EvidenceLog())
    return None if note is None else str(note)
