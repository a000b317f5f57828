"""How endpoints reach the ports."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from api.services import Services


def services_of(request: Request) -> Services:
    """The services that the application was made with."""
    services: Services = request.app.state.services
    return services


Ports = Annotated[Services, Depends(services_of)]
