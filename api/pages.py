"""Pages: Jinja2 templates with autoescaping, strict about what they are given."""

import base64
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.security_headers import CONSOLE_POLICY, consumer_policy


@cache
def environment() -> Environment:
    """The templates of ``api/templates``."""
    return Environment(
        loader=PackageLoader("api", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> str:
    """The text of a template."""
    return environment().get_template(template).render(**values)


def consumer_page(
    template: str, *, nonce_bytes: bytes, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page with its own style and script inside; no other request is made for it."""
    nonce = base64.b64encode(nonce_bytes).decode()
    headers = {
        "Content-Security-Policy": consumer_policy(nonce),
        "Cache-Control": "no-store",
        "Vary": "Accept, Accept-Language",
    }
    return HTMLResponse(render(template, nonce=nonce, **values), status, headers)


def console_page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the console; its style and script are files of this service."""
    headers = {
        "Content-Security-Policy": CONSOLE_POLICY,
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    return HTMLResponse(render(template, **values), status, headers)
