"""The words of these rooms, on top of the console's."""

from starlette.requests import Request

from api.negotiation import language_of
from api.wording import Wording


def cases_wording(request: Request) -> Wording:
    """In the language that the browser asks for; steps of custody are named as in the report."""
    language = language_of(request.headers.get("accept-language"))
    return Wording("api.console.cases", language, besides=("api.console", "api.bundle"))
