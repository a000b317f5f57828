"""The command line: one typer app, each group or command in ``tracewarden/commands/``.

A command imports only what it needs: a script that parses a code waits for no web framework.
"""

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import typer

GROUPS = ("codes", "keys", "geo", "registry", "policy", "custody", "evidence", "access", "topics")
"""Each the ``app`` of the module of its name."""
COMMANDS = {
    "up": "up", "demo": "demo", "load": "load", "record": "record", "replay": "replay",
    "evaluate": "evaluate",
    "simulate": "simulate", "api": "servers", "worker": "servers", "writer": "servers",
    "migrate": "servers", "doctor": "servers",
}
"""Each command's module; the function has the command's name."""


def app_of(names: Iterable[str]) -> typer.Typer:
    """The app with these groups and commands."""
    app = typer.Typer(
        name="tracewarden",
        help="One item, one code: traceability and anti-diversion, with proof.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    # With one command alone typer would leave its name out; a callback keeps it.
    app.callback()(_whole)
    for name in names:
        module: Any = import_module(f"tracewarden.commands.{COMMANDS.get(name, name)}")
        if name in COMMANDS:
            app.command(name)(getattr(module, name))
        else:
            app.add_typer(module.app, name=name)
    return app


def _whole() -> None:
    """One item, one code: traceability and anti-diversion, with proof."""


def whole_app() -> typer.Typer:
    """The app with everything."""
    return app_of((*GROUPS, *COMMANDS))


_UsageError: Any = typer.BadParameter.__mro__[2]
"""Typer brings its own copy of click: this is that copy's ``ClickException``."""


def main() -> None:
    """Run a command; usage that is wrong is one line on stderr and exit 2."""
    _open_streams()
    named = sys.argv[1:2]
    is_known = bool(named) and (named[0] in GROUPS or named[0] in COMMANDS)
    try:
        command = typer.main.get_command(app_of(named) if is_known else whole_app())
        result = command.main(prog_name="tracewarden", standalone_mode=False)
    except _UsageError as error:
        # Unlike its text alone this names the option.
        said = " ".join(error.format_message().split())
        print(f"tracewarden: usage: {said}", file=sys.stderr)
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        print("tracewarden: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)


def _open_streams() -> None:
    """Where whoever started us closed a standard stream, it is empty, and what is said is lost; no
    file that is opened later may get its number, since libraries write to those."""
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, os.fdopen(number, mode))


if __name__ == "__main__":
    main()
