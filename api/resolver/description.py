"""The resolver description file (GS1-Conformant Resolver standard, section 3)."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from api.dependencies import Ports
from api.resolver.answers import CORS, root_of
from api.resolver.links import VOCABULARY
from api.resolver.linkset import CONTEXT
from api.resolver.target import SUPPORTED_KEYS

router = APIRouter()


@router.head("/.well-known/gs1resolver", include_in_schema=False)
@router.get(
    "/.well-known/gs1resolver",
    tags=["public"],
    summary="What this resolver supports",
    operation_id="read_resolver_description",
)
async def read_description(services: Ports) -> Response:
    """A resolver description file."""
    description: dict[str, Any] = {
        "name": f"{services.settings.brand_name}",
        "resolverRoot": root_of(services),
        "supportedPrimaryKeys": sorted(SUPPORTED_KEYS),
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
        "jsonLdContextLocation": CONTEXT,
        "contact": {"fn": services.settings.brand_name},
    }
    return JSONResponse(description, headers={**CORS, "Cache-Control": "public, max-age=3600"})
