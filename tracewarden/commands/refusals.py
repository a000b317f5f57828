"""How a command that cannot be carried out says so: one line on stderr, exit 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from events.errors import TracewardenError


@contextmanager
def refusals() -> Iterator[None]:
    """Errors that bad input, a missing file or a database out of reach causes end the command
    with 2."""
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
    except Exception as error:
        if not _is_database_fault(error):
            raise
        reason = str(error).splitlines()[0]
        typer.echo(f"tracewarden: database-error: {reason}", err=True)
    else:
        return
    raise typer.Exit(2)


def _is_database_fault(error: Exception) -> bool:
    """Whether the database is out of reach or no database: not that a statement was wrong."""
    # Slow to import, and a command that has not done so has no database.
    known = sys.modules.get("sqlalchemy.exc")
    return known is not None and type(error) in (known.OperationalError, known.DatabaseError)
