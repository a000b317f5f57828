"""A witness over HTTP (C2SP tlog-witness): an application of its own, for partners to run."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.body import limited
from api.problems import Problem
from evidence.errors import EvidenceError
from evidence.witness import SIZE_MEDIA_TYPE, AddCheckpoint, WitnessRefusalError
from store.witness_folder import WitnessFolder

MOST_BYTES = 64 * 1024

_log = logging.getLogger(__name__)


def create_witness_app(witness: WitnessFolder, clock: Callable[[], datetime]) -> Starlette:
    """``POST /add-checkpoint``, and ``GET /healthz``."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await limited(request, MOST_BYTES).body()
            asked = AddCheckpoint.parse(body)
            at = int(clock().timestamp())
            line = await asyncio.to_thread(witness.cosign, asked, at)
        except WitnessRefusalError as refusal:
            return _refused(refusal)
        except (EvidenceError, OSError) as fault:
            # Who cannot say what he signed last signs nothing.
            _log.error("nothing is signed: %s", fault)
            detail = "the witness cannot read or keep what it signed last; its operator is told"
            return Problem(503, "witness-storage", detail).response()
        except Problem as problem:
            return problem.response()
        return PlainTextResponse(f"{line}\n")

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse(f"{witness.key.verifier}\n")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
        ]
    )


def _refused(refusal: WitnessRefusalError) -> Response:
    if refusal.size is not None:
        headers = {"Content-Type": SIZE_MEDIA_TYPE}
        return Response(f"{refusal.size}\n", refusal.status, headers)
    return Problem(refusal.status, refusal.type, refusal.detail).response()
