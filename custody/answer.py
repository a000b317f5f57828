"""``custody at``: who holds an EPC at a moment, as known at a moment (INTERFACES)."""

from collections.abc import Callable

import msgspec
from msgspec import Struct

from codes.epc import canonical_epc
from codes.errors import CodeError
from custody.fold import PartyAt, custody_of
from custody.trail import Trail
from events.errors import EventError
from events.identity import parse_time
from events.timed import microseconds, rfc3339
from registry.known import FOREVER

DealerOf = Callable[[str | None, int], str | None]
"""(party GLN, known at in microseconds) → dealer id, where the party is a dealer."""


class QuestionLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line in; times are RFC 3339 with an offset."""

    epc: str
    at: str
    known_at: str | None = None


class AnswerLine(Struct, frozen=True):
    """A line out: a CBV disposition, a party's GLN, a dealer's id, the parent's URI, a time."""

    epc: str
    state: str | None
    holder: str | None
    responsible_dealer: str | None
    container: str | None
    since: str | None


class Question(Struct, frozen=True):
    """Where is ``epc`` (canonical) at ``at_us``, as known at ``known_us``; ``asked`` is the EPC as
    it was written."""

    asked: str
    epc: str
    at_us: int
    known_us: int


def read_question(line: bytes) -> Question:
    """The question of a line ``{"epc","at","known_at"?}``.

    Raises:
        EventError: it is none; ``field`` names the member.
    """
    try:
        asked = msgspec.json.decode(line, type=QuestionLine)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        detail, _, path = str(error).partition(" - at `$")
        raise EventError(
            detail, field=path.rstrip("`").lstrip("."), type="line-invalid"
        ) from None
    try:
        epc = canonical_epc(asked.epc)
    except CodeError as error:
        raise EventError(error.detail, field="epc", type=error.type) from None
    known = asked.known_at
    return Question(
        asked=asked.epc,
        epc=epc,
        at_us=microseconds(parse_time(asked.at, field="at")),
        known_us=FOREVER if known is None else microseconds(parse_time(known, field="known_at")),
    )


def answer(
    question: Question, trail: Trail, *, party_at: PartyAt, dealer_of: DealerOf
) -> AnswerLine:
    """The line out; of an EPC that nobody has seen every member but ``epc`` is null."""
    custody = custody_of(
        trail.known_at(question.known_us), party_at=party_at, until_us=question.at_us
    )
    since = custody.since_us
    return AnswerLine(
        epc=question.asked,
        state=custody.disposition,
        holder=custody.holder,
        responsible_dealer=dealer_of(custody.owner, question.known_us),
        container=custody.container,
        since=None if since is None else rfc3339(since),
    )
