"""Hot state of a subject: the fold so far, and all that tells whether it may be gone on with."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec

from events.timed import Timed, by_order
from judging.item import ItemState
from judging.shipment import ShipmentState
from judging.windows import Draft, Fold, Judged, Known, Variant
from stream_processors.form import form_of

S = TypeVar("S", ItemState, ShipmentState)


class Hot(msgspec.Struct, Generic[S], frozen=True, array_like=True):
    """The state after every stored event of a subject, as of ``version``.

    ``last_us`` and ``last_identity`` are the order of the newest event in it; ``received_us`` is
    the latest arrival, and ``received`` whose it was.
    """

    version: int
    last_us: int
    last_identity: str
    received_us: int
    received: str
    state: S


_FORM = form_of(Hot[ItemState], Hot[ShipmentState])
"""Comes first in what is kept: what lacks a member that came later would decode all the same."""
_encode = msgspec.msgpack.Encoder().encode
_item_decoder = msgspec.msgpack.Decoder(Hot[ItemState])
_shipment_decoder = msgspec.msgpack.Decoder(Hot[ShipmentState])


def encode(hot: Hot[Any]) -> bytes:
    """The bytes under which hot state is kept."""
    return _FORM + _encode(hot)


def decode_item(raw: bytes | None) -> Hot[ItemState] | None:
    """The hot state of an item; None where it is absent or of another form (an older release)."""
    return _decoded(_item_decoder, raw)


def decode_shipment(raw: bytes | None) -> Hot[ShipmentState] | None:
    """The hot state of a shipment; likewise."""
    return _decoded(_shipment_decoder, raw)


D = TypeVar("D")


def _decoded(decoder: msgspec.msgpack.Decoder[D], raw: bytes | None) -> D | None:
    if raw is None or not raw.startswith(_FORM):
        return None
    try:
        return decoder.decode(memoryview(raw)[len(_FORM) :])
    except msgspec.MsgspecError:
        return None


def hot_of(judged: Judged[S], version: int) -> Hot[S] | None:
    """Hot state after judging all of a subject's events; None where there are none."""
    if judged.last is None:
        return None
    return Hot(version, *judged.last, *judged.newest, judged.state)


def advance(
    hot: Hot[S] | None,
    fold: Fold[S],
    moments: Sequence[Timed[Any]],
    *,
    version: int,
    lateness_us: int,
) -> tuple[Hot[S], list[Draft]] | None:
    """Go on from hot state with events that come in order; None where it must be folded again.

    That is so where the state is missing or not the one before ``version``, where an event is not
    behind all earlier ones, or where one of those came too late for it.
    """
    if hot is None or hot.version != version - 1:
        return None
    last = (hot.last_us, hot.last_identity)
    newest = Known(hot.received_us, hot.received)
    ordered = sorted(moments, key=by_order)
    known = {}
    for moment in ordered:
        order = (moment.at_us, moment.identity)
        if order <= last or newest.at_us >= moment.received_us + lateness_us:
            return None
        newest = max(newest, Known(moment.received_us, moment.identity))
        known[moment.identity], last = newest, order
    state, heard = fold.run(hot.state, ordered)
    drafts = [
        Draft(moment, (Variant(None, outcomes, known[moment.identity]),))
        for moment, outcomes in heard
    ]
    return Hot(version, last[0], last[1], newest.at_us, newest.by, state), drafts
