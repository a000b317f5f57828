"""``tracewarden keys``: the key ring that codes are signed with."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from codes.agent_signer import AgentSigner, public_key_of_line
from codes.errors import CodeError
from codes.jwks import PublicKey
from codes.keyring import KeyRing
from codes.signing import Signer
from events.timed import microseconds, rfc3339
from store.evidence_records import make_ready, record_key
from tracewarden.commands.refusals import refusals
from tracewarden.installation import open_database
from tracewarden.settings import Settings

app = typer.Typer(help="The key ring: new, list, retire, revoke.", no_args_is_help=True)

PASSPHRASE_VARIABLE = "TRACEWARDEN_KEY_PASSPHRASE"
AGENT_VARIABLE = "SSH_AUTH_SOCK"

Keys = Annotated[Path, typer.Option("--keys", help="Folder of the key ring.")]
KeyId = Annotated[str, typer.Option("--id", help="Key id: 1 to 16 of A-Z, 0-9 and -.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Embedded set whose log records it; else the configured server."),
]
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


@contextmanager
def _logging(data: Path | None, change: str, at: datetime) -> Iterator[Callable[[PublicKey], None]]:
    """Log what is done in the block in one transaction with it, where there is a service's log."""
    settings = Settings()
    if data is None and settings.data is None and not settings.database_url:
        yield lambda _key: None
        return
    engine = open_database(data, settings)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        make_ready(connection)  # The ring is written before its entry is.

        def record(key: PublicKey) -> None:
            record_key(
                connection,
                change=change,
                key_id=key.key_id,
                public_key=key.raw.hex(),
                effective_at=rfc3339(microseconds(at)),
                at=rfc3339(microseconds(now)),
            )

        yield record
    engine.dispose()


@app.command()
def new(
    keys: Keys,
    key_id: Annotated[str | None, typer.Option("--id", help="Key id; by default K1, K2, …")] = None,
    agent_key: Annotated[
        Path | None,
        typer.Option("--agent-key", help="Public key file of a key that an SSH agent holds."),
    ] = None,
    data: Data = None,
) -> None:
    """Make a signing key, or take in one that stays in an agent; the newest valid key signs."""
    with refusals():
        ring, word, now = KeyRing.open_or_empty(keys), passphrase(), datetime.now(UTC)
        with _logging(data, "new", now) as log:
            if agent_key is None:
                ring, made = ring.with_new_key(word, entropy=os.urandom, now=now, key_id=key_id)
            else:
                raw = public_key_of_line(agent_key.read_text(encoding="utf-8", errors="replace"))
                ring, made = ring.with_external_key(
                    raw, word, entropy=os.urandom, now=now, key_id=key_id
                )
            log(ring.key(made))
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
def revoke(keys: Keys, key_id: KeyId, at: At = None, data: Data = None) -> None:
    """Trust a compromised key no longer, from a time on; codes issued before stay valid."""
    with refusals():
        instant = instant_of(at)
        with _logging(data, "revoked", instant) as log:
            log(KeyRing.open(keys).revoked(key_id, instant).key(key_id))
        _say({"key_id": key_id, "revoked_at": instant})


@app.command()
def retire(keys: Keys, key_id: KeyId, at: At = None, data: Data = None) -> None:
    """Sign no more with a key from a time on; its codes stay valid."""
    with refusals():
        instant = instant_of(at)
        with _logging(data, "retired", instant) as log:
            log(KeyRing.open(keys).retired(key_id, instant).key(key_id))
        _say({"key_id": key_id, "valid_to": instant})
