"""Judgements on disk, put down in any order and read in that of gathering."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import msgspec

from cases.judgement import Judgement

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Judgement)
AT_ONCE = 1000


class JudgementSpool:
    """A table that lives as long as a replay; memory holds one batch."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "judgements.sqlite", isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute(
            "CREATE TABLE judgements (known_us INTEGER, identity TEXT, subject TEXT, body BLOB)"
        )

    def __enter__(self) -> "JudgementSpool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def put(self, judgements: Iterable[Judgement]) -> None:
        """Keep judgements."""
        rows = [(*judgement.order, _encode(judgement)) for judgement in judgements]
        if rows:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT INTO judgements VALUES (?, ?, ?, ?)", rows)
            self._connection.execute("COMMIT")

    def in_order(self) -> Iterator[Judgement]:
        """All of them, by (known-at, identity)."""
        rows = self._connection.execute(
            "SELECT body FROM judgements ORDER BY known_us, identity, subject"
        )
        while batch := rows.fetchmany(AT_ONCE):
            yield from (_decoder.decode(body) for (body,) in batch)
