"""Running a witness as a process of its own."""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime

from api.witness import create_witness_app
from store.witness_folder import WitnessFolder
from tracewarden.installation import ConfigurationError
from tracewarden.service import listen as listen_on
from tracewarden.service import server_for
from tracewarden.settings import Settings


def serve_witness(
    folder: WitnessFolder,
    address: str,
    ready: Callable[[str], None],
    *,
    clock: Callable[[], datetime],
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called with the address once it listens.

    Raises:
        ConfigurationError: the address cannot be had.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ConfigurationError(f"{address!r} is not HOST:PORT", field="--listen")
    listener = listen_on(host.strip("[]"), int(port))
    server = server_for(create_witness_app(folder, clock), Settings(), threading.Event())

    async def serve() -> None:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not serving.done():  # noqa: ASYNC110 — uvicorn has no event
            await asyncio.sleep(0.02)
        if server.started:
            ready(f"http://{host}:{listener.getsockname()[1]}")
        await serving

    asyncio.run(serve())
