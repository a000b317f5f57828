"""``tracewarden evidence``: the log's lines for scripts."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from events.errors import TracewardenError
from store.evidence_log import EvidenceLog
from tracewarden.commands.evidence_source import database_url, reading

app = typer.Typer(help="The evidence log: append, checkpoint, prove, check.", no_args_is_help=True)

P = ParamSpec("P")
R = TypeVar("R")

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded set.")]


def lines(values: Iterable[Mapping[str, Any]]) -> int:
    """Print each value as a JSON line; give their number."""
    count = 0
    for value in values:
        typer.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        count += 1
    return count


def carried_out(command: Callable[P, R]) -> Callable[P, R]:
    """A command that could not be carried out ends with 2 and one line on stderr."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except TracewardenError as error:
            typer.echo(f"{error.type}: {error.detail}", err=True)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            typer.echo(f"storage-unreadable: {reason}", err=True)
        except OSError as error:
            typer.echo(f"file-error: {error}", err=True)
        raise typer.Exit(2)

    return run


@app.command()
@carried_out
def fsck(data: Data = None) -> None:
    """Hash every stored byte again and compare all that is derived from it."""
    with reading(database_url(data)) as conn:
        found = lines(finding.as_dict() for finding in EvidenceLog().fsck(conn))
    raise typer.Exit(1 if found else 0)
