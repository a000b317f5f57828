"""What a person sees where there is no verdict: a short page, or a problem for a program."""

from starlette.requests import Request
from starlette.responses import Response

from api.negotiation import language_of, prefers_json
from api.pages import consumer_page
from api.problems import Problem
from api.services import Services
from api.wording import Wording
from codes.errors import CodeError


def wording_of(services: Services, request: Request) -> Wording:
    """The words in the language that the browser asks for."""
    language = language_of(request.headers.get("accept-language"))
    return Wording("api.consumer", language, brand=services.settings.brand_name)


def error_page(
    services: Services, request: Request, problem: Problem, title: str, text: str
) -> Response:
    """A problem in the form that the client wants."""
    if prefers_json(request.headers.get("accept")):
        return problem.response()
    page = consumer_page(
        "consumer/error.html",
        nonce_bytes=services.random_bytes(16),
        status=problem.status,
        w=wording_of(services, request),
        brand=services.settings.brand_name,
        title=title,
        text=text,
    )
    page.headers.update(problem.headers)
    return page


def not_an_item(services: Services, request: Request) -> Response:
    """404: the address names no item."""
    w = wording_of(services, request)
    problem = Problem(404, "not-found", "the address is not that of an item's code")
    return error_page(services, request, problem, w("not_found"), w("not_found_more"))


def bad_code(services: Services, request: Request, error: CodeError) -> Response:
    """400: the address looks like a code's and is no valid one."""
    w = wording_of(services, request)
    problem = Problem.of(error, status=400)
    return error_page(services, request, problem, w("not_found"), w("not_found_more"))


def visit_gone(services: Services, request: Request) -> Response:
    """404: the visit's address is not ours, or too old."""
    w = wording_of(services, request)
    problem = Problem(404, "visit-unknown", "the address is not ours, or too old")
    return error_page(services, request, problem, w("visit_gone"), w("visit_gone_more"))


def not_noted(services: Services, request: Request) -> Response:
    """503: the scan could not be kept anywhere, which nobody must overlook."""
    w = wording_of(services, request)
    problem = Problem(
        503, "not-ready", "the scan could not be kept", headers={"Retry-After": "30"}
    )
    return error_page(services, request, problem, w("busy"), w("busy_more"))
