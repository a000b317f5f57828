"""Console users (argon2id) and their sessions, of which only a hash of the token is stored."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, delete, insert, select, update

from cases.roles import Role
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


class Account(NamedTuple):
    """Who somebody is: the role says what they may do; a dealer's user belongs to that dealer."""

    user_name: str
    role: Role
    dealer_id: str | None


def set_password(
    engine: Engine,
    user_name: str,
    password: str,
    now: datetime,
    *,
    role: Role = "administrator",
    dealer_id: str | None = None,
) -> None:
    """Make the user, or give them a new password and role and end their sessions.

    Raises:
        AccountError: the name is empty, the password too short or too long, or role and dealer do
            not fit together.
    """
    _check_role(role, dealer_id)
    if not user_name.strip() or len(user_name) > 128:
        raise AccountError("a user's name has 1 to 128 characters", field="user_name")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
            field="password",
        )
    values = {"password_hash": _hasher.hash(password), "role": role, "dealer_id": dealer_id}
    same = console_users.c.user_name == user_name
    with engine.begin() as connection:
        changed = connection.execute(
            update(console_users).where(same).values(disabled=False, **values)
        ).rowcount
        if changed:
            mine = console_sessions.c.user_name == user_name
            connection.execute(delete(console_sessions).where(mine))
        else:
            row = {"user_name": user_name, "disabled": False, **values}
            connection.execute(insert(console_users).values(created_us=to_us(now), **row))


def _check_role(role: str, dealer_id: str | None) -> None:
    if role not in get_args(Role):
        raise AccountError(f"the roles are {', '.join(get_args(Role))}", field="role")
    if (role == "dealer") != (dealer_id is not None):
        raise AccountError("the role dealer, and only that one, names a dealer", field="dealer_id")


def accounts_of(engine: Engine) -> list[Account]:
    """Everybody who may log in to work on cases, by name."""
    query = select(console_users.c.user_name, console_users.c.role, console_users.c.dealer_id)
    enabled = query.where(console_users.c.disabled.is_(False)).order_by(console_users.c.user_name)
    with reading(engine) as connection:
        return [Account(*row) for row in connection.execute(enabled)]


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


def session_user(engine: Engine, token: str, now: datetime) -> Account | None:
    """Whose session it is; None where it ended, or its user is disabled."""
    query = (
        select(console_users.c.user_name, console_users.c.role, console_users.c.dealer_id)
        .join(console_users, console_users.c.user_name == console_sessions.c.user_name)
        .where(
            console_sessions.c.token_sha256 == _digest(token),
            console_sessions.c.expires_us > to_us(now),
            console_users.c.disabled.is_(False),
        )
    )
    with reading(engine) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else Account(*row)


def end_session(engine: Engine, token: str) -> None:
    """Log out."""
    with engine.begin() as connection:
        mine = console_sessions.c.token_sha256 == _digest(token)
        connection.execute(delete(console_sessions).where(mine))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
