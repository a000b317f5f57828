"""How a command that cannot be carried out says so: one line on stderr, exit 2."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from events.errors import TracewardenError


@contextmanager
def refusals() -> Iterator[None]:
    """Errors that bad input or a missing file causes end the command with 2."""
    try:
        yield
    except TracewardenError as error:
        field = f" ({error.field})" if error.field else ""
        typer.echo(f"tracewarden: {error.type}{field}: {error.detail}", err=True)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell more.
        pass
    except OSError as error:
        typer.echo(f"tracewarden: file-error: {error}", err=True)
    else:
        return
    raise typer.Exit(2)
