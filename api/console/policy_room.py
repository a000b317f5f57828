"""The room of the policy: what is in force and since when, what is proposed; administrators propose
and enact."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.body import limited
from api.console.session import COOKIE, LoggedIn, User, console_wording, csrf_holds
from api.dependencies import Ports
from api.pages import console_page
from api.problems import Problem
from api.services import Services
from events.errors import TracewardenError
from registry.policies import Change, InForce, Policies, PolicyVersion, changed, changes
from registry.policy import Policy, PolicyError
from store.instants import from_us, to_us
from store.policy_proposals import Proposal, enact_proposal, proposals, propose
from store.registry import read_policies
from store.transactions import reading

router = APIRouter(prefix="/console", include_in_schema=False)

_FORM_BYTES = 64 * 1024
LONGEST_WHY = 1000


def administrator(user: User) -> LoggedIn:
    """Who may change thresholds.

    Raises:
        Problem: it is another role.
    """
    if user.role != "administrator":
        raise Problem(403, "role-refused", f"the role {user.role} may not change the policy")
    return user


Administrator = Annotated[LoggedIn, Depends(administrator)]


@router.get("/policy")
async def show_policy(request: Request, services: Ports, user: User) -> Response:
    """What is in force, every version, every proposal."""
    content = await asyncio.to_thread(_content, services)
    refused = request.query_params.get("refused", "")
    w = console_wording(request)
    return console_page("console/policy.html", w=w, user=user, refused=refused[:300], **content)


@router.post("/policy/proposals")
async def post_proposal(request: Request, services: Ports, user: Administrator) -> Response:
    """Propose thresholds."""
    form = await _form(request, services)
    return await _done(lambda: _propose(services, form, user))


@router.post("/policy/proposals/{number}/enact")
async def post_enacted(
    number: int, request: Request, services: Ports, user: Administrator
) -> Response:
    """Let a proposal be in force from its time on."""
    await _form(request, services)

    def enact() -> None:
        with services.engine.begin() as connection:
            now_us = to_us(services.clock())
            enact_proposal(connection, number, by=user.user_name, now_us=now_us)

    return await _done(enact)


async def _form(request: Request, services: Services) -> FormData:
    form = await limited(request, _FORM_BYTES).form(max_files=0, max_fields=8)
    if not csrf_holds(services, request.cookies.get(COOKIE, ""), form.get("csrf")):
        raise Problem(403, "form-invalid", "the form was not sent from a page of this session")
    return form


async def _done(act: Callable[[], None]) -> Response:
    """Back to the page; with the reason, where it was refused."""
    try:
        await asyncio.to_thread(act)
    except TracewardenError as error:
        where = f"{error.field}: " if error.field else ""
        return RedirectResponse(f"/console/policy?refused={quote(where + error.detail)}", 303)
    return RedirectResponse("/console/policy", 303)


def _propose(services: Services, form: FormData, user: LoggedIn) -> None:
    now_us = to_us(services.clock())
    why = str(form.get("why") or "").strip()[:LONGEST_WHY]
    with services.engine.begin() as connection:
        first, later = read_policies(connection)
        policies = Policies(first, later)
        taken = [one.policy.version for one in policies.all]
        taken += [one.policy.version for one in proposals(connection)]
        given = str(form.get("thresholds") or "").encode()
        policy = changed(policies.at(now_us).policy, given, max(taken) + 1)
        version = PolicyVersion(
            policy=policy, valid_from=_begin(str(form.get("from") or "")), why=why or None
        )
        propose(connection, version, by=user.user_name, now_us=now_us)


def _begin(text: str) -> datetime | None:
    """A time in UTC as a browser's field writes it; None where it is left empty."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError:
        raise PolicyError(f"{text[:40]!r} is no time", field="from") from None


class _Shown(msgspec.Struct):
    """A proposal and what it changes of what is in force."""

    proposal: Proposal
    changes: list[Change]


def _content(services: Services) -> dict[str, Any]:
    now_us = to_us(services.clock())
    with reading(services.engine) as connection:
        policies = Policies(*read_policies(connection))
        made = proposals(connection)
    in_force: InForce = policies.at(now_us)
    return {
        "in_force": in_force,
        "from_us": from_us,
        "differs": changes(Policy(), in_force.policy),
        "versions": list(reversed(policies.all)),
        "proposals": [_Shown(one, changes(in_force.policy, one.policy)) for one in made],
        "document": msgspec.json.format(msgspec.json.encode(in_force.policy), indent=2).decode(),
    }
