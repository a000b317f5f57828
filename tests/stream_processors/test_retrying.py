"""In-place retry: what passes is waited out, a failed disk ends the process at once."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from stream_processors.retrying import retried


def fault(code: int) -> OperationalError:
    original = sqlite3.OperationalError("told by SQLite")
    original.sqlite_errorcode = code
    return OperationalError("COMMIT", None, original)


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_CORRUPT]
)
async def test_a_failed_disk_is_not_tried_again(code: int) -> None:
    calls = 0

    async def call() -> None:
        nonlocal calls
        calls += 1
        raise fault(code)

    with pytest.raises(OperationalError):
        await retried("committing", call, limit_s=60)
    assert calls == 1


async def test_a_locked_file_is_tried_again() -> None:
    answers: Iterator[OperationalError | None] = iter([fault(sqlite3.SQLITE_BUSY), None])

    async def call() -> str:
        if (answer := next(answers)) is not None:
            raise answer
        return "done"

    assert await retried("committing", call, limit_s=60) == "done"
