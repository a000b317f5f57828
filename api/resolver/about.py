"""The page of what is no single item: a product, a lot, a case or a pallet."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.consumer.errors import bad_code, not_an_item
from api.dependencies import Ports
from api.pages import consumer_page
from api.resolver.answers import words_of
from api.resolver.links import links_of
from api.resolver.target import ASSET_KEYS, Target, is_known, product_of, read_target
from api.services import Services
from codes.errors import CodeError

router = APIRouter(include_in_schema=False)

PREFIX = "/about"


@router.head(PREFIX + "/{rest:path}")
@router.get(PREFIX + "/{rest:path}")
async def show_about(rest: str, request: Request, services: Ports) -> Response:
    """What the code names, and where the brand's links for it lead."""
    try:
        target = read_target(services, request, behind=PREFIX)
    except CodeError as error:
        return bad_code(services, request, error)
    if target.serial is not None or not await asyncio.to_thread(is_known, services, target):
        return not_an_item(services, request)
    return _page(services, request, target)


def _kind(target: Target) -> str:
    if target.gtin is not None:
        return "about_product"
    return "about_asset" if target.link.path[0][0] in ASSET_KEYS else "about_unit"


def _page(services: Services, request: Request, target: Target) -> Response:
    product = product_of(services, target)
    links = [link for link in links_of(services, target) if not link.own]
    return consumer_page(
        "resolver/about.html",
        nonce_bytes=services.random_bytes(16),
        w=words_of(services, request),
        brand=services.settings.brand_name,
        kind=_kind(target),
        product=product,
        elements=target.link.path,
        links=list({link.href: link for link in links}.values()),
    )
