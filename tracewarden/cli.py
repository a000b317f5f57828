"""The command line: one typer app, each group or command in ``tracewarden/commands/``."""

import sys

import typer

from tracewarden.commands import access, codes, evidence, geo, keys, topics
from tracewarden.commands.demo import demo
from tracewarden.commands.load import load
from tracewarden.commands.record import record
from tracewarden.commands.replay import replay
from tracewarden.commands.servers import api, doctor, migrate, worker, writer
from tracewarden.commands.simulate import simulate
from tracewarden.commands.up import up

app = typer.Typer(
    name="tracewarden",
    help="One item, one code: traceability and anti-diversion, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(codes.app, name="codes")
app.add_typer(keys.app, name="keys")
app.add_typer(geo.app, name="geo")
app.add_typer(evidence.app, name="evidence")
app.add_typer(access.app, name="access")
app.add_typer(topics.app, name="topics")
for command in (
    up, demo, load, record, replay, simulate, api, worker, writer, migrate, doctor
):
    app.command()(command)


_UsageError: type[Exception] = typer.BadParameter.__mro__[2]
"""Typer brings its own copy of click: this is that copy's ``ClickException``."""


def main() -> None:
    """Run a command; usage that is wrong is one line on stderr and exit 2."""
    command = typer.main.get_command(app)
    try:
        result = command.main(prog_name="tracewarden", standalone_mode=False)
    except _UsageError as error:
        print(f"tracewarden: usage: {error}", file=sys.stderr)
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        print("tracewarden: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
