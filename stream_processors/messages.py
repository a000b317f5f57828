"""What lies on ``signals`` and ``dead-letters``: the forms, and how they are written and read."""

import base64
from typing import Any

import msgspec

from cases.judgement import Trade
from events.errors import EventError
from judging.revisions import Order
from judging.units import Unit
from judging.windows import Known
from rules.model import Movement, Sighting
from rules.signal import Signal
from stream_processors.bus.port import BusRecord
from stream_processors.intake import Refused
from stream_processors.pipeline import Judgement


class SaidOf(msgspec.Struct, frozen=True, array_like=True):
    """The signals that hold of one event, and what gathering takes of it."""

    at_us: int
    identity: str
    signals: tuple[Signal, ...]
    known: tuple[Known, ...] = ()
    sighting: tuple[Known, Sighting] | None = None
    trade: tuple[Known, Trade] | None = None
    moved: tuple[Known, Movement] | None = None

    @property
    def order(self) -> Order:
        """The event's place in the order of judging."""
        return (self.at_us, self.identity)

    def unit(self, subject: str) -> Unit:
        """What a worker judged."""
        said = (self.signals, self.known, self.sighting, self.trade, self.moved)
        return Unit(subject, self.at_us, self.identity, *said)


class JudgementMessage(msgspec.Struct, frozen=True):
    """All that holds of a subject's events from ``since`` on, as of a revision.

    ``because`` is the event whose coming caused the judgement, for a withdrawal to name.
    """

    subject: str
    revision: int
    since: Order
    because: str
    units: tuple[SaidOf, ...]
    registry_revision: int | None = None


_encode = msgspec.json.Encoder().encode
_judgement_decoder = msgspec.json.Decoder(JudgementMessage)


def encode_judgement(
    judgement: Judgement, registry_revision: int | None = None
) -> bytes:
    """A judgement as it lies on ``signals``, with the registry that it was made by."""
    units = tuple(
        SaidOf(u.at_us, u.identity, u.signals, u.known, u.sighting, u.trade, u.moved)
        for u in judgement.units
    )
    return _encode(
        JudgementMessage(
            judgement.subject,
            judgement.revision,
            judgement.since,
            judgement.because,
            units,
            registry_revision,
        )
    )


def decode_judgement(raw: bytes | msgspec.Raw) -> JudgementMessage:
    """The judgement.

    Raises:
        EventError: it is not one.
    """
    try:
        return _judgement_decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EventError(f"not a judgement: {error}", type="judgement-invalid") from None


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A bad event: where it lay, why it was refused, and its original bytes in base64."""

    topic: str
    partition: int
    offset: int
    error_type: str
    detail: str
    event_base64: str

    @property
    def raw(self) -> bytes:
        """The original bytes."""
        return base64.b64decode(self.event_base64)


_letter_decoder = msgspec.json.Decoder(DeadLetter)


def encode_dead_letter(record: BusRecord, refused: Refused) -> bytes:
    """A dead letter as it lies on ``dead-letters``."""
    return _encode(
        DeadLetter(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            error_type=refused.error_type,
            detail=refused.detail,
            event_base64=base64.b64encode(refused.raw).decode(),
        )
    )


def decode_dead_letter(raw: Any) -> DeadLetter:
    """The dead letter.

    Raises:
        EventError: it is not one.
    """
    try:
        return _letter_decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EventError(f"not a dead letter: {error}", type="dead-letter-invalid") from None
