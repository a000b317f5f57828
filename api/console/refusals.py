"""What a person at the console sees where something is refused: a page, never a problem in JSON."""

from starlette.requests import Request
from starlette.responses import Response

from api.console.session import console_wording, user_of
from api.negotiation import weighted
from api.pages import console_page
from api.problems import Problem
from api.services import Services


def is_at_console(request: Request) -> bool:
    """Whether a browser asks for a page of the console; its scripts and other programs do not."""
    accepted = weighted(request.headers.get("accept", ""))
    return request.url.path.startswith("/console") and any(
        value == "text/html" and weight > 0 for value, weight in accepted
    )


async def refusal_page(services: Services, request: Request, problem: Problem) -> Response:
    """The problem in words, with a way back; the status is the problem's."""
    w = console_wording(request)
    # After a fault of the service the database may not answer, either.
    user = await user_of(request, services) if problem.status < 500 else None
    key = f"refused_{problem.type}"
    fallback = "refused_fault" if problem.status >= 500 else "refused_other"
    page = console_page(
        "console/refused.html",
        status=problem.status,
        w=w,
        user=user,
        text=w(key if w.has(key) else fallback),
        type=problem.type,
    )
    page.headers.update(problem.headers)
    return page
