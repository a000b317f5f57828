"""API keys: ``tw_<id>_<secret>``, of which only the secret's SHA-256 is stored.

The secret has 256 random bits, so a plain hash is as safe as a slow one and costs nothing per call.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Engine, insert, select, update

from events.errors import TracewardenError
from store.instants import to_us
from store.schema.access import api_keys
from store.transactions import reading

Scope = Literal[
    "scans", "positions", "item-events", "orders", "epcis", "offers", "print-reports", "read"
]
SCOPES: tuple[str, ...] = get_args(Scope)
PREFIX = "tw"

_ID_BYTES = 10
_SECRET_BYTES = 32


class AccessError(TracewardenError):
    """A key that cannot be made or found."""

    type = "access-invalid"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A partner's key without its secret."""

    key_id: str
    name: str
    secret_sha256: str
    scopes: frozenset[str]
    created_us: int
    expires_us: int | None
    revoked_us: int | None

    def opens_with(self, secret: str) -> bool:
        """Whether this is the key's secret; takes the same time whatever it is."""
        return hmac.compare_digest(self.secret_sha256, _digest(secret))

    def in_force(self, at: datetime) -> bool:
        """Whether the key is neither expired nor revoked at ``at``."""
        now_us = to_us(at)
        ends = [end for end in (self.expires_us, self.revoked_us) if end is not None]
        return all(now_us < end for end in ends)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _readable(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def split_key(key: str) -> tuple[str, str] | None:
    """Id and secret of a key; None where it has not the form of one."""
    parts = key.split("_")
    if len(parts) != 3 or parts[0] != PREFIX or not parts[1] or not parts[2]:
        return None
    return parts[1], parts[2]


def add_key(
    engine: Engine,
    *,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    entropy: Callable[[int], bytes],
    expires_at: datetime | None = None,
) -> str:
    """Store a new key and return it; it cannot be shown again.

    Raises:
        AccessError: the name is empty, or a scope is none or unknown.
    """
    wanted = sorted(set(scopes))
    if not name.strip():
        raise AccessError("a key has a name", field="name")
    if not wanted:
        raise AccessError("a key has at least one scope", field="scope")
    for scope in wanted:
        if scope not in SCOPES:
            raise AccessError(f"{scope!r} is none of {' '.join(SCOPES)}", field="scope")
    if expires_at is not None and expires_at <= now:
        raise AccessError("the key would be expired already", field="expires")
    key_id, secret = _readable(entropy(_ID_BYTES)), _readable(entropy(_SECRET_BYTES))
    row = {
        "key_id": key_id,
        "name": name,
        "secret_sha256": _digest(secret),
        "scopes": wanted,
        "created_us": to_us(now),
        "expires_us": None if expires_at is None else to_us(expires_at),
        "revoked_us": None,
    }
    with engine.begin() as connection:
        connection.execute(insert(api_keys).values(row))
    return f"{PREFIX}_{key_id}_{secret}"


def find_key(engine: Engine, key_id: str) -> ApiKey | None:
    """The key with this id, in force or not."""
    with reading(engine) as connection:
        row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
    return None if row is None else _key(row._mapping)


def list_keys(engine: Engine) -> list[ApiKey]:
    """All keys, oldest first."""
    query = select(api_keys).order_by(api_keys.c.created_us, api_keys.c.key_id)
    with reading(engine) as connection:
        return [_key(row._mapping) for row in connection.execute(query)]


def revoke_key(engine: Engine, key_id: str, now: datetime) -> None:
    """End a key; one that has ended stays as it ended.

    Raises:
        AccessError: there is no such key.
    """
    same = api_keys.c.key_id == key_id
    with engine.begin() as connection:
        if connection.execute(select(api_keys.c.key_id).where(same)).first() is None:
            raise AccessError(f"there is no key {key_id}", field="key_id")
        connection.execute(
            update(api_keys)
            .where(same & api_keys.c.revoked_us.is_(None))
            .values(revoked_us=to_us(now))
        )


def _key(row: object) -> ApiKey:
    values = dict(row)  # type: ignore[call-overload]
    return ApiKey(**{**values, "scopes": frozenset(values["scopes"])})
