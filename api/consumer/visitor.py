"""A browser on its visit: the cookie that it carries, and the visit that an address names."""

from starlette.requests import Request
from starlette.responses import Response

from api.consumer.reading import ReadCode, read_item_code
from api.consumer.visits import PASS_LENGTH, Visit, VisitBook
from api.problems import Problem
from api.services import Services

COOKIE = "tw_pass"


def visit_book(services: Services) -> VisitBook:
    """The book of this installation."""
    return VisitBook(services.settings.secret_key, services.random_bytes)


def begin_visit(services: Services, request: Request, code: ReadCode) -> tuple[Visit, str]:
    """The visit that reading ``code`` begins or goes on with, and the browser's pass."""
    book, now = visit_book(services), services.clock()
    browser_pass = request.cookies.get(COOKIE)
    if browser_pass is None or not book.pass_holds(browser_pass, now):
        browser_pass = book.new_pass(now)
    visit_id = book.visit_id(browser_pass, _what_is_read(code))
    return Visit(code.uri, now, visit_id, recorded=True), browser_pass


def _what_is_read(code: ReadCode) -> str:
    """Keys that messengers add make no other code; another signature does."""
    return f"{code.subject} {code.signature}"


def is_own_visit(services: Services, request: Request, visit: Visit) -> bool:
    """Whether the browser that asks is the one that read the code."""
    book, browser_pass = visit_book(services), request.cookies.get(COOKIE)
    if browser_pass is None or not book.pass_holds(browser_pass, services.clock()):
        return False
    code = read_item_code(visit.uri, services.keys())
    return code is not None and book.visit_id(browser_pass, _what_is_read(code)) == visit.visit_id


def set_pass(services: Services, response: Response, browser_pass: str) -> None:
    """Give the browser its pass; it ends by itself and is sent to nobody else."""
    response.set_cookie(
        COOKIE,
        browser_pass,
        max_age=int(PASS_LENGTH.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=services.settings.is_https,
    )


def known_visit(services: Services, address: str) -> Visit:
    """The visit that an address names.

    Raises:
        Problem: 404: the address is not ours, or too old.
    """
    visit = visit_book(services).read_address(address, services.clock())
    if visit is None:
        raise Problem(404, "visit-unknown", "the address is not ours, or too old")
    return visit
