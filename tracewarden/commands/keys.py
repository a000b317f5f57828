"""``tracewarden keys``: the key ring that codes are signed with."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from codes.agent_signer import AgentSigner, public_key_of_line
from codes.errors import CodeError
from codes.keyring import KeyRing
from codes.signing import Signer
from tracewarden.commands.refusals import refusals

app = typer.Typer(help="The key ring: new, list, retire, revoke.", no_args_is_help=True)

PASSPHRASE_VARIABLE = "TRACEWARDEN_KEY_PASSPHRASE"
AGENT_VARIABLE = "SSH_AUTH_SOCK"

Keys = Annotated[Path, typer.Option("--keys", help="Folder of the key ring.")]
KeyId = Annotated[str, typer.Option("--id", help="Key id: 1 to 16 of A-Z, 0-9 and -.")]
At = Annotated[str | None, typer.Option("--at", help="RFC 3339 time; by default now.")]


def passphrase() -> str:
    """What opens the private keys.

    Raises:
        CodeError: the variable is not set.
    """
    given = os.environ.get(PASSPHRASE_VARIABLE, "")
    if not given:
        raise CodeError(
            f"set {PASSPHRASE_VARIABLE}, which encrypts the private keys",
            field=PASSPHRASE_VARIABLE,
            type="keys-invalid",
        )
    return given


def signer_of(ring: KeyRing, key_id: str, word: str) -> Signer:
    """What signs with ``key_id``: the ring itself, or the agent behind ``SSH_AUTH_SOCK``.

    Raises:
        CodeError: neither has the key.
    """
    if ring.holds(key_id):
        return ring.signer(key_id, word)
    path = os.environ.get(AGENT_VARIABLE)
    if not path:
        raise CodeError(
            f"the ring does not hold key {key_id}; name its agent by {AGENT_VARIABLE}",
            field=AGENT_VARIABLE,
            type="keys-invalid",
        )
    return AgentSigner(key_id, ring.key(key_id).raw, Path(path))


def _say(line: dict[str, Any]) -> None:
    typer.echo(msgspec.json.encode(line))


def instant_of(text: str | None) -> datetime:
    """The time that an option names; now where it is left out.

    Raises:
        CodeError: it is no time with an offset.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CodeError("a time is RFC 3339 with an offset", field="at", type="keys-invalid")
    return at


@app.command()
def new(
    keys: Keys,
    key_id: Annotated[str | None, typer.Option("--id", help="Key id; by default K1, K2, …")] = None,
    agent_key: Annotated[
        Path | None,
        typer.Option("--agent-key", help="Public key file of a key that an SSH agent holds."),
    ] = None,
) -> None:
    """Make a signing key, or take in one that stays in an agent; the newest valid key signs."""
    with refusals():
        ring, word, now = KeyRing.open_or_empty(keys), passphrase(), datetime.now(UTC)
        if agent_key is None:
            _, made = ring.with_new_key(word, entropy=os.urandom, now=now, key_id=key_id)
        else:
            raw = public_key_of_line(agent_key.read_text(encoding="utf-8", errors="replace"))
            _, made = ring.with_external_key(raw, word, entropy=os.urandom, now=now, key_id=key_id)
        _say({"key_id": made})


@app.command("list")
def list_keys(keys: Keys) -> None:
    """Print each key with its validity."""
    with refusals():
        for key in KeyRing.open(keys).keys.values():
            times = {
                "valid_from": key.valid_from,
                "valid_to": key.valid_to,
                "revoked_at": key.revoked_at,
            }
            _say({"key_id": key.key_id, **times})


@app.command()
def revoke(keys: Keys, key_id: KeyId, at: At = None) -> None:
    """Trust a compromised key no longer, from a time on; codes issued before stay valid."""
    with refusals():
        instant = instant_of(at)
        KeyRing.open(keys).revoked(key_id, instant)
        _say({"key_id": key_id, "revoked_at": instant})


@app.command()
def retire(keys: Keys, key_id: KeyId, at: At = None) -> None:
    """Sign no more with a key from a time on; its codes stay valid."""
    with refusals():
        instant = instant_of(at)
        KeyRing.open(keys).retired(key_id, instant)
        _say({"key_id": key_id, "valid_to": instant})
