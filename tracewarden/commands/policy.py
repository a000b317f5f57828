"""``tracewarden policy``: which thresholds are in force, and how others come into force."""

import getpass
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec.structs import replace

from events.errors import EventError, TracewardenError
from events.identity import parse_time
from events.timed import microseconds, rfc3339
from registry.known import BEFORE_EVERYTHING
from registry.policies import InForce, Policies, PolicyVersion, read_proposed
from registry.recording import read_registry
from store.policy_proposals import enact as enact_version
from store.policy_proposals import enact_proposal, proposals
from store.policy_proposals import propose as keep_proposal
from store.registry import TAKES_EFFECT_US, read_policies
from tracewarden.commands.refusals import refusals
from tracewarden.installation import open_database

app = typer.Typer(help="Thresholds: show, history, propose, enact.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded set.")]
Recording = Annotated[
    Path | None, typer.Option("--recording", help="A recording instead of a service.")
]
File = Annotated[
    Path, typer.Argument(help='Thresholds, or {"policy","valid_from","why"}; one JSON document.')
]
From = Annotated[str | None, typer.Option("--from", help="From when on (RFC 3339); now if not.")]
Why = Annotated[str | None, typer.Option(help="The reason, for those who read it later.")]
By = Annotated[str | None, typer.Option(help="Who does it; the login name if not given.")]


@app.command()
def show(
    recording: Recording = None,
    data: Data = None,
    at: Annotated[str | None, typer.Option(help="As in force then (RFC 3339).")] = None,
) -> None:
    """The policy in force, as one JSON document."""
    with refusals():
        at_us = _now_us() if at is None else microseconds(_time(at, "--at"))
        in_force = _policies(recording, data).at(at_us)
    _print(msgspec.to_builtins(in_force.policy))


@app.command()
def history(recording: Recording = None, data: Data = None) -> None:
    """Every version with its hash and from when on it is in force, one a line."""
    with refusals():
        policies = _policies(recording, data)
    for one in policies.all:
        _print(_line(one))


@app.command()
def propose(
    file: File, data: Data = None, from_: From = None, why: Why = None, by: By = None
) -> None:
    """Propose a policy; nothing is judged by it before somebody enacts it."""
    with refusals():
        version = _version(file, from_, why)
        engine = open_database(data)
        with engine.begin() as connection:
            number = keep_proposal(connection, version, by=by or _me(), now_us=_now_us())
        engine.dispose()
    _print({"ok": True, "proposal": number, "hash": version.policy.digest()})


@app.command()
def enact(
    file: Annotated[Path | None, typer.Argument(help="As for propose.")] = None,
    proposal: Annotated[int | None, typer.Option(help="A proposal's number instead.")] = None,
    data: Data = None,
    from_: From = None,
    why: Why = None,
    by: By = None,
) -> None:
    """Let a policy be in force from a time on: what becomes known before is judged as it was."""
    with refusals():
        if (file is None) == (proposal is None):
            raise TracewardenError("name a file or a proposal", field="FILE", type="usage")
        engine, now_us = open_database(data), _now_us()
        with engine.begin() as connection:
            if proposal is not None:
                done = enact_proposal(connection, proposal, by=by or _me(), now_us=now_us)
                version = PolicyVersion(policy=done.policy, valid_from=done.valid_from)
            else:
                assert file is not None
                version = _version(file, from_, why)
                enact_version(connection, version, by=by or _me(), now_us=now_us)
        engine.dispose()
    begins_us = max(version.from_us, now_us + TAKES_EFFECT_US)
    _print({"ok": True, **_line(InForce(version.policy, version.policy.digest(), begins_us))})


@app.command(name="proposals")
def listed(data: Data = None) -> None:
    """What was proposed, one a line, the newest first."""
    with refusals():
        engine = open_database(data)
        with engine.connect() as connection:
            found = proposals(connection)
        engine.dispose()
    for one in found:
        _print({
            "proposal": one.proposal_id,
            "version": one.policy.version,
            "hash": one.policy.digest(),
            "by": one.by,
            "at": rfc3339(one.at_us),
            "valid_from": None if one.valid_from is None else one.valid_from.isoformat(),
            "why": one.why,
            "enacted_at": None if one.enacted_us is None else rfc3339(one.enacted_us),
        })  # fmt: skip


def _policies(recording: Path | None, data: Path | None) -> Policies:
    if recording is not None:
        _, rows = read_registry(recording)
        return Policies(rows.policy, rows.policies)
    engine = open_database(data)
    with engine.connect() as connection:
        found = read_policies(connection)
    engine.dispose()
    return Policies(*found)


def _version(file: Path, from_: str | None, why: str | None) -> PolicyVersion:
    version = read_proposed(file.read_bytes())
    if from_ is not None:
        version = replace(version, valid_from=_time(from_, "--from"))
    return version if why is None else replace(version, why=why)


def _line(one: InForce) -> dict[str, Any]:
    begins = None if one.from_us == BEFORE_EVERYTHING else rfc3339(one.from_us)
    return {"version": one.policy.version, "hash": one.digest, "from": begins}


def _time(text: str, field: str) -> datetime:
    try:
        return parse_time(text, field=field)
    except EventError as error:
        raise TracewardenError(error.detail, field=field, type="usage") from None


def _me() -> str:
    return getpass.getuser()


def _now_us() -> int:
    return time.time_ns() // 1000


def _print(line: dict[str, Any]) -> None:
    typer.echo(msgspec.json.encode(line).decode())
