"""``tracewarden access``: keys of partners and programs for the API, and users of the console."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import msgspec
import typer

from cases.roles import Role
from store.access import add_key, list_keys, revoke_key
from store.accounts import set_password
from tracewarden.commands.refusals import refusals
from tracewarden.installation import open_database

app = typer.Typer(help="API keys: new, list, revoke; console users: user.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded set.")]


@app.command()
def new(
    name: Annotated[str, typer.Option("--name", help="Whose key it is.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it may do; several allowed.")],
    more: Annotated[list[str] | None, typer.Argument(help="Further scopes.", hidden=True)] = None,
    data: Data = None,
    expires: Annotated[
        datetime | None, typer.Option(help="When it ends, in UTC.", formats=["%Y-%m-%d"])
    ] = None,
) -> None:
    """Make a key; it is shown once and kept only as a hash."""
    scopes = [part for text in (*scope, *(more or ())) for part in text.split(",") if part]
    with refusals():
        engine = open_database(data)
        key = add_key(
            engine,
            name=name,
            scopes=scopes,
            now=datetime.now(UTC),
            entropy=os.urandom,
            expires_at=None if expires is None else expires.replace(tzinfo=UTC),
        )
        engine.dispose()
    typer.echo(msgspec.json.encode({"key": key}).decode())


@app.command()
def user(
    name: Annotated[str, typer.Option("--name", help="Who logs in to the console.")],
    role: Annotated[
        str, typer.Option(help="reviewer, decider, auditor, administrator or dealer.")
    ] = "administrator",
    dealer: Annotated[
        str | None, typer.Option(help="Whose questions a dealer's user sees.")
    ] = None,
    data: Data = None,
) -> None:
    """Make a console user, or give one a new password and role; the password is shown once."""
    with refusals():
        engine = open_database(data)
        password = secrets.token_urlsafe(15)
        set_password(
            engine, name, password, datetime.now(UTC), role=cast(Role, role), dealer_id=dealer
        )
        engine.dispose()
    shown = {"user_name": name, "password": password, "role": role}
    typer.echo(msgspec.json.encode(shown).decode())


@app.command("list")
def list_(data: Data = None) -> None:
    """The keys, without their secrets."""
    with refusals():
        engine = open_database(data)
        for key in list_keys(engine):
            row = {"key_id": key.key_id, "name": key.name, "scopes": sorted(key.scopes)}
            typer.echo(msgspec.json.encode(row | {"revoked": key.revoked_us is not None}).decode())
        engine.dispose()


@app.command()
def revoke(key_id: Annotated[str, typer.Argument()], data: Data = None) -> None:
    """End a key at once."""
    with refusals():
        engine = open_database(data)
        revoke_key(engine, key_id, datetime.now(UTC))
        engine.dispose()
    typer.echo(msgspec.json.encode({"key_id": key_id, "revoked": True}).decode())
