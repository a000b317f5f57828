"""The evidence log as C2SP tlog-tiles: checkpoint and hash tiles for anybody, entries by scope.

Answers are those of the published checkpoint: what is committed and not yet signed is not shown.
"""

import asyncio
import gzip

import msgspec
from fastapi import APIRouter, Depends
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Ports
from api.partner.bearer import DOCUMENTED, requires
from api.problems import Problem
from evidence.note import VerifierKey
from evidence.tiles import Tile, parse_path, stands_in
from store.evidence_keys import hand_overs
from store.evidence_log import EvidenceLog
from store.evidence_publishing import Published, published
from store.evidence_tiles import tile_bytes
from store.transactions import reading

router = APIRouter(prefix="/log", tags=["public"])

_FOR_ANYBODY = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_A_MOMENT = {"Cache-Control": "public, max-age=1"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_FOR_EVER_BY_KEY = {
    # A shared cache must not hand entries to those who have no key.
    "Cache-Control": "private, max-age=31536000, immutable",
    "Vary": "Authorization, Accept-Encoding",
}
_BINARY = "application/octet-stream"


@router.head("/checkpoint", include_in_schema=False)
@router.get("/checkpoint", summary="The signed checkpoint", operation_id="read_checkpoint")
async def read_checkpoint(services: Ports) -> Response:
    """A C2SP checkpoint: origin, size and root, as a signed note."""
    shown = await asyncio.to_thread(_published, services.engine)
    headers = _FOR_ANYBODY | _A_MOMENT
    return Response(shown.note, headers=headers, media_type="text/plain; charset=utf-8")


@router.head("/keys", include_in_schema=False)
@router.get("/keys", summary="The log's keys", operation_id="read_log_keys")
async def read_keys(services: Ports) -> Response:
    """The key in force, and the notes by which each key handed the log over to the next.

    Trust none of them because they stand here: follow from a key that you hold from elsewhere.
    """
    form = await asyncio.to_thread(_keys, services.engine)
    headers = _FOR_ANYBODY | _A_MOMENT
    return Response(form, headers=headers, media_type="application/json")


@router.head(
    "/tile/entries/{path:path}", include_in_schema=False, dependencies=[Depends(requires("read"))]
)
@router.get(
    "/tile/entries/{path:path}",
    summary="An entry bundle",
    dependencies=[*DOCUMENTED, Depends(requires("read"))],
    operation_id="read_entry_bundle",
)
async def read_entries(path: str, request: Request, services: Ports) -> Response:
    """Up to 256 entries, each behind its length as big-endian uint16."""
    data = await asyncio.to_thread(_tile, services.engine, f"entries/{path}")
    headers = dict(_FOR_EVER_BY_KEY)
    if _takes_gzip(request):
        data = await asyncio.to_thread(gzip.compress, data, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(data, headers=headers, media_type=_BINARY)


@router.head("/tile/{path:path}", include_in_schema=False)
@router.get("/tile/{path:path}", summary="A tile of hashes", operation_id="read_tile")
async def read_tile(path: str, services: Ports) -> Response:
    """Up to 256 hashes of 32 bytes: `{level}/{position}`, and `.p/{width}` where it is partial."""
    data = await asyncio.to_thread(_tile, services.engine, path)
    return Response(data, headers=_FOR_ANYBODY | _FOR_EVER, media_type=_BINARY)


def _published(engine: Engine) -> Published:
    with reading(engine) as conn:
        shown = published(conn)
    if shown is None:
        raise Problem(404, "not-found", "nothing was signed yet")
    return shown


def _keys(engine: Engine) -> bytes:
    shown = _published(engine)
    with reading(engine) as conn:
        notes = list(hand_overs(conn))
    key = VerifierKey.parse(shown.key)
    return msgspec.json.encode({"origin": key.name, "key": str(key), "hand_overs": notes})


def _tile(engine: Engine, path: str) -> bytes:
    tile = parse_path(path)
    if tile is None or not stands_in(tile, _published(engine).size):
        raise Problem(404, "not-found", "the published tree has no such tile")
    return _bytes_of(engine, tile)


def _bytes_of(engine: Engine, tile: Tile) -> bytes:
    with reading(engine) as conn:
        return tile_bytes(EvidenceLog(), conn, tile)


def _takes_gzip(request: Request) -> bool:
    """Whether ``Accept-Encoding`` names gzip, and not with a weight of zero."""
    for offered in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = offered.replace(" ", "").lower().partition(";q=")
        if name in ("gzip", "x-gzip"):
            return not weight or weight.strip("0.") != ""
    return False
