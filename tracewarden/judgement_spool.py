"""Judgements on disk, put down in any order and read in that of gathering."""

from collections.abc import Iterable, Iterator

import msgspec

from cases.judgement import Judgement
from tracewarden.ordered_spool import OrderedSpool, Placed

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Judgement).decode


class JudgementSpool:
    """Lives as long as a replay; memory holds one batch."""

    def __init__(self) -> None:
        self._spool = OrderedSpool()

    def put(self, judgements: Iterable[Judgement]) -> None:
        """Keep judgements."""
        self._spool.put(Placed(*judged.order, _encode(judged)) for judged in judgements)

    def in_order(self) -> Iterator[Judgement]:
        """All of them, by (known-at, identity)."""
        return (_decode(row.body) for row in self._spool)
