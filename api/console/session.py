"""Who is logged in, and that a form was sent from a page of ours."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import Ports
from api.negotiation import language_of
from api.services import Services
from api.wording import Wording
from cases.roles import READS_CASES, Role
from store.accounts import SESSION_LENGTH, session_user

COOKIE = "tw_session"


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A user, and the token that their forms must carry."""

    user_name: str
    csrf: str
    role: Role = "administrator"
    dealer_id: str | None = None

    @property
    def reads_cases(self) -> bool:
        """Whether the rooms of compliance are open to them."""
        return self.role in READS_CASES


class WrongRoom(Exception):  # noqa: N818 - it is no error, it leads to the room that is theirs
    """Somebody is logged in whose role has no business here."""


class LoginNeeded(Exception):  # noqa: N818 - it is no error, it leads to the login
    """Nobody is logged in."""


def csrf_token(services: Services, session: str) -> str:
    """The token that forms of a session carry; only this service can make it."""
    message = f"tracewarden/csrf\n{session}".encode()
    return hmac.digest(services.settings.secret_key, message, hashlib.sha256).hex()


def csrf_holds(services: Services, session: str, presented: object) -> bool:
    """Whether a form carried the token of its session."""
    return isinstance(presented, str) and hmac.compare_digest(
        csrf_token(services, session).encode(), presented.encode("utf-8", "replace")
    )


async def user_of(request: Request, services: Services) -> LoggedIn | None:
    """Who the session's cookie stands for, now."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    now = services.clock()
    who = await asyncio.to_thread(session_user, services.engine, token, now)
    if who is None:
        return None
    return LoggedIn(who.user_name, csrf_token(services, token), who.role, who.dealer_id)


async def logged_in(request: Request, services: Ports) -> LoggedIn:
    """Whoever is logged in; a dependency of every page of the console.

    Raises:
        LoginNeeded: nobody is logged in.
    """
    user = await user_of(request, services)
    if user is None:
        raise LoginNeeded
    return user


Anyone = Annotated[LoggedIn, Depends(logged_in)]


def officer(user: Anyone) -> LoggedIn:
    """A user of compliance: a dependency of every page that shows findings.

    Raises:
        WrongRoom: it is a dealer's user, who sees the questions put to it and nothing else.
    """
    if not user.reads_cases:
        raise WrongRoom
    return user


User = Annotated[LoggedIn, Depends(officer)]


def to_login(request: Request) -> Response:
    """Where a browser goes that is not logged in, and from there back."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/console/login?next={quote(target, safe='/')}", 303)


def to_own_room(_request: Request) -> Response:
    """Where a dealer's user goes instead of a room of compliance."""
    return RedirectResponse("/console/questions", 303)


def safe_target(target: object) -> str:
    """A page of the console to go to; never another site's."""
    if isinstance(target, str) and target.startswith("/console/") and "\\" not in target:
        return target
    return "/console/cases"


def set_session(services: Services, response: Response, token: str) -> None:
    """Give the browser its session; scripts cannot read it, other sites cannot send it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LENGTH.total_seconds()),
        path="/console",
        httponly=True,
        samesite="lax",
        secure=services.settings.is_https,
    )


def console_wording(request: Request) -> Wording:
    """The console's words in the language that the browser asks for."""
    return Wording("api.console", language_of(request.headers.get("accept-language")))
