"""How the ``evidence`` commands answer: lines on stdout, and 2 for what cannot be carried out."""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from events.errors import TracewardenError

P = ParamSpec("P")
R = TypeVar("R")


def print_lines(values: Iterable[Mapping[str, Any]]) -> int:
    """Print each value as a JSON line, flushed at the end; give their number."""
    count = 0
    for value in values:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
        count += 1
    sys.stdout.flush()
    return count


def carried_out(command: Callable[P, R]) -> Callable[P, R]:
    """A command that could not be carried out ends with 2 and one line on stderr."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except TracewardenError as error:
            reason = f"{error.type}: {error.detail}"
        except (SQLAlchemyError, sqlite3.Error) as error:
            reason = f"storage-failed: {getattr(error, 'orig', None) or error}"
        except OSError as error:
            reason = f"file-failed: {error}"
        typer.echo(reason.splitlines()[0], err=True)
        raise typer.Exit(2)

    return run
