"""The command line: one typer app, each group or command in ``tracewarden/commands/``."""

import sys

import typer

from tracewarden.commands import codes, evidence, geo, keys
from tracewarden.commands.load import load
from tracewarden.commands.replay import replay
from tracewarden.commands.simulate import simulate

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
app.command()(load)
app.command()(replay)
app.command()(simulate)


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
