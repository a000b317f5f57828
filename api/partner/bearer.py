"""Bearer API keys (RFC 6750): who calls, and whether they may.

A key is read from the database for each request; one that was found is believed for less than a
second more, so that making and revoking take effect within a second.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from fastapi import Security
from fastapi.security import HTTPBearer
from starlette.requests import Request

from api.dependencies import Ports
from api.problems import Problem
from store.access import ApiKey, Scope, find_key, split_key

BELIEVED_FOR = timedelta(seconds=0.9)
_REALM = 'Bearer realm="tracewarden"'

_documented = HTTPBearer(auto_error=False, description="`tw_<id>_<secret>`")


class KeyCache:
    """Keys found a moment ago; only keys that exist, so that strangers cannot fill it."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[datetime, ApiKey]] = {}

    def get(self, key_id: str, now: datetime) -> ApiKey | None:
        """The key, where it was found less than a second ago."""
        found_at, key = self._found.get(key_id, (None, None))
        if found_at is None or not timedelta(0) <= now - found_at < BELIEVED_FOR:
            return None
        return key

    def put(self, key: ApiKey, now: datetime) -> None:
        """Remember a key that was just read."""
        self._found[key.key_id] = (now, key)


def requires(*scopes: Scope) -> Callable[..., Awaitable[ApiKey]]:
    """A dependency that lets only keys pass that have one of the scopes."""

    async def check(request: Request, services: Ports) -> ApiKey:
        now = services.clock()
        key_id, secret = _presented(request)
        cache: KeyCache = request.app.state.key_cache
        key = cache.get(key_id, now)
        if key is None:
            key = await asyncio.to_thread(find_key, services.engine, key_id)
            if key is not None:
                cache.put(key, now)
        if key is None or not key.opens_with(secret):
            raise _unauthorised("the key is wrong")
        if not key.in_force(now):
            raise _unauthorised("the key is expired or revoked")
        if key.scopes.isdisjoint(scopes):
            wanted = " or ".join(repr(scope) for scope in scopes)
            insufficient = f'{_REALM}, error="insufficient_scope", scope="{scopes[0]}"'
            raise Problem(
                403,
                "access-denied",
                f"the key has not the scope {wanted}",
                headers={"WWW-Authenticate": insufficient},
            )
        return key

    return check


def _presented(request: Request) -> tuple[str, str]:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Problem(
            401,
            "credentials-invalid",
            "the request carries no Bearer key",
            headers={"WWW-Authenticate": _REALM},
        )
    parts = split_key(credentials.strip())
    if parts is None:
        raise _unauthorised("the key has not the form tw_<id>_<secret>")
    return parts


def _unauthorised(detail: str) -> Problem:
    return Problem(
        401,
        "credentials-invalid",
        detail,
        headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
    )


DOCUMENTED = [Security(_documented)]
"""Makes the OpenAPI document say that a key is needed; ``requires`` does the checking."""
