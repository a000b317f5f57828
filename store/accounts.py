"""Console users (argon2id) and their sessions, of which only a hash of the token is stored."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, delete, insert, select, update

from events.errors import TracewardenError
from store.instants import to_us
from store.schema.accounts import console_sessions, console_users
from store.transactions import reading

SESSION_LENGTH = timedelta(hours=12)
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1024

_hasher = PasswordHasher()


class AccountError(TracewardenError):
    """An account that cannot be made or found."""

    type = "account-invalid"


def set_password(engine: Engine, user_name: str, password: str, now: datetime) -> None:
    """Make the user, or give them a new password and end their sessions.

    Raises:
        AccountError: the name is empty, or the password too short or too long.
    """
    if not user_name.strip() or len(user_name) > 128:
        raise AccountError("a user's name has 1 to 128 characters", field="user_name")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
            field="password",
        )
    hashed = _hasher.hash(password)
    same = console_users.c.user_name == user_name
    with engine.begin() as connection:
        changed = connection.execute(
            update(console_users).where(same).values(password_hash=hashed, disabled=False)
        ).rowcount
        if changed:
            mine = console_sessions.c.user_name == user_name
            connection.execute(delete(console_sessions).where(mine))
        else:
            row = {"user_name": user_name, "password_hash": hashed, "disabled": False}
            connection.execute(insert(console_users).values(created_us=to_us(now), **row))


def has_users(engine: Engine) -> bool:
    """Whether anybody can log in."""
    with reading(engine) as connection:
        return connection.execute(select(console_users.c.user_name).limit(1)).first() is not None


def password_holds(engine: Engine, user_name: str, password: str) -> bool:
    """Whether an enabled user has this password; as slow for a name that nobody has."""
    query = select(console_users.c.password_hash, console_users.c.disabled)
    with reading(engine) as connection:
        row = connection.execute(query.where(console_users.c.user_name == user_name)).one_or_none()
    if len(password) > LONGEST_PASSWORD:
        return False
    if row is None:
        _hasher.hash(password)
        return False
    try:
        _hasher.verify(row.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return not row.disabled


def begin_session(
    engine: Engine, user_name: str, *, now: datetime, entropy: Callable[[int], bytes]
) -> str:
    """Store a session and return its token, which only the cookie holds; ended ones are removed."""
    token = entropy(32).hex()
    row = {
        "token_sha256": _digest(token),
        "user_name": user_name,
        "created_us": to_us(now),
        "expires_us": to_us(now + SESSION_LENGTH),
    }
    with engine.begin() as connection:
        ended = console_sessions.c.expires_us <= to_us(now)
        connection.execute(delete(console_sessions).where(ended))
        connection.execute(insert(console_sessions).values(row))
    return token


def session_user(engine: Engine, token: str, now: datetime) -> str | None:
    """Whose session it is; None where it ended, or its user is disabled."""
    query = (
        select(console_sessions.c.user_name)
        .join(console_users, console_users.c.user_name == console_sessions.c.user_name)
        .where(
            console_sessions.c.token_sha256 == _digest(token),
            console_sessions.c.expires_us > to_us(now),
            console_users.c.disabled.is_(False),
        )
    )
    with reading(engine) as connection:
        return connection.execute(query).scalar_one_or_none()


def end_session(engine: Engine, token: str) -> None:
    """Log out."""
    with engine.begin() as connection:
        mine = console_sessions.c.token_sha256 == _digest(token)
        connection.execute(delete(console_sessions).where(mine))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
