"""Steps of cases: taken one after the other, each in one transaction with its evidence entry.

Two people at one case: a step says how many steps its author had seen, and is refused where there
are more by then.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select, update

from cases.errors import CaseError, case_unknown
from cases.roles import Role
from cases.standing import Standing, after, check, check_state, standing
from cases.step_entries import entry_of_step
from cases.steps import Absorb, Answer, Ask, Begin, Grow, Remind, Step, Taken
from evidence.commitments import SALT_BYTES
from store.case_alerts import alert_ids_of
from store.evidence_log import EvidenceLog
from store.evidence_openings import keep
from store.schema.cases import (
    case_files,
    case_questions,
    case_standings,
    case_steps,
    cases,
)
from store.transactions import reading

SYSTEM = "system"
_encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[Step] = msgspec.json.Decoder(Step)
_STEPS = select(case_steps).order_by(case_steps.c.number)


class StoredFile(NamedTuple):
    """A file that came with a step; ``sha256`` is hex and over ``content``."""

    sha256: str
    name: str
    media_type: str
    content: bytes


class Author(NamedTuple):
    """Who takes a step, in which role, having seen how many steps; ``salt`` gives random bytes for
    the commitments to what they say."""

    name: str
    role: Role
    salt: Callable[[int], bytes]
    seen: int | None = None


class LoggedStep(NamedTuple):
    """A step and its entry in the evidence log."""

    taken: Taken
    evidence_seq: int


def steps_of(engine: Engine, case_id: str) -> list[LoggedStep]:
    """All steps of a case, in order."""
    with reading(engine) as connection:
        return read_steps(connection, case_id)


def read_steps(connection: Connection, case_id: str) -> list[LoggedStep]:
    """The same within a transaction."""
    rows = connection.execute(_STEPS.where(case_steps.c.case_id == case_id))
    return [
        LoggedStep(
            Taken(row.number, row.at_us, row.actor, _decoder.decode(row.step)), row.evidence_seq
        )
        for row in rows
    ]


def take_step(
    engine: Engine,
    case_id: str,
    step: Step,
    author: Author,
    *,
    at_us: int,
    files: Sequence[StoredFile] = (),
) -> Taken:
    """Take a step on a case that judging made.

    Raises:
        CaseError: there is no such case, somebody was faster, or it cannot be taken from there.
    """
    with engine.begin() as connection:
        return add_step(connection, case_id, step, author, at_us=at_us, files=files)


def add_step(
    connection: Connection,
    case_id: str,
    step: Step,
    author: Author,
    *,
    at_us: int,
    files: Sequence[StoredFile] = (),
) -> Taken:
    """As ``take_step``, in the caller's transaction."""
    now = _locked(connection, case_id)
    if author.seen is not None and author.seen != now.steps:
        raise CaseError("somebody else has worked on this case meanwhile", type="case-moved")
    check(now, step, author.role, alert_ids=alert_ids_of(connection, [case_id])[case_id])
    taken = Taken(now.steps, at_us, author.name, step)
    return _write(connection, case_id, now, taken, author.salt, files)


def follow(
    connection: Connection, case_id: str, step: Absorb | Begin, author: Author, *, at_us: int
) -> Taken:
    """The other side of a step that another case has taken in this transaction.

    Raises:
        CaseError: this case is closed.
    """
    now = _locked(connection, case_id)
    check_state(now, step)
    taken = Taken(now.steps, at_us, author.name, step)
    return _write(connection, case_id, now, taken, author.salt, ())


def grow(
    connection: Connection,
    case_id: str,
    alerts: int,
    *,
    at_us: int,
    salt: Callable[[int], bytes],
) -> bool:
    """Open an archived case again if it has more alerts than when it was put away."""
    now = _locked(connection, case_id)
    if now.archived_at_alerts is None or alerts <= now.archived_at_alerts:
        return False
    take_by_system(connection, case_id, Grow(alerts), at_us=at_us, salt=salt)
    return True


def take_by_system(
    connection: Connection,
    case_id: str,
    step: Remind | Grow,
    *,
    at_us: int,
    salt: Callable[[int], bytes],
) -> Taken:
    """A step that time or growth takes, on a case that is locked."""
    now = standing(row.taken for row in read_steps(connection, case_id))
    return _write(connection, case_id, now, Taken(now.steps, at_us, SYSTEM, step), salt, ())


def lock(connection: Connection, case_id: str) -> None:
    """Nobody else adds a step to the case until the transaction ends.

    Raises:
        CaseError: there is no such case.
    """
    query = select(cases.c.case_id).where(cases.c.case_id == case_id).with_for_update()
    if connection.execute(query).first() is None:
        raise case_unknown()


def _locked(connection: Connection, case_id: str) -> Standing:
    """Where the case stands, now that it is locked."""
    lock(connection, case_id)
    return standing(row.taken for row in read_steps(connection, case_id))


def _write(
    connection: Connection,
    case_id: str,
    now: Standing,
    taken: Taken,
    salt: Callable[[int], bytes],
    files: Iterable[StoredFile],
) -> Taken:
    entry, opening = entry_of_step(case_id, taken, salt(SALT_BYTES))
    [place] = EvidenceLog().append(connection, [entry])
    keep(connection, [opening])
    connection.execute(
        insert(case_steps).values(
            case_id=case_id,
            number=taken.number,
            at_us=taken.at_us,
            actor=taken.actor,
            step=_encode(taken.step),
            evidence_seq=place.index,
        )
    )
    _keep_standing(connection, case_id, after(now, taken))
    _keep_question(connection, case_id, taken)
    for file in files:
        _keep_file(connection, case_id, file, taken.at_us)
    return taken


def _keep_standing(connection: Connection, case_id: str, now: Standing) -> None:
    connection.execute(delete(case_standings).where(case_standings.c.case_id == case_id))
    connection.execute(
        insert(case_standings).values(
            case_id=case_id,
            state=now.state,
            assignee=now.assignee,
            silent_until_us=now.silent_until_us,
            archived_at_alerts=now.archived_at_alerts,
            steps=now.steps,
        )
    )


def _keep_question(connection: Connection, case_id: str, taken: Taken) -> None:
    match taken.step:
        case Ask(dealer_id=dealer_id, due_us=due_us):
            row = {"case_id": case_id, "number": taken.number, "dealer_id": dealer_id}
            connection.execute(insert(case_questions).values(due_us=due_us, **row))
        case Answer(question=question):
            asked = (case_questions.c.case_id == case_id, case_questions.c.number == question)
            connection.execute(update(case_questions).where(*asked).values(answered_us=taken.at_us))


def _keep_file(connection: Connection, case_id: str, file: StoredFile, at_us: int) -> None:
    same = (case_files.c.case_id == case_id, case_files.c.sha256 == file.sha256)
    if connection.execute(select(case_files.c.sha256).where(*same)).first() is None:
        row = {"case_id": case_id, "added_us": at_us, **file._asdict()}
        connection.execute(insert(case_files).values(row))


def find_file(engine: Engine, case_id: str, sha256: str) -> StoredFile | None:
    """A file of a case, by its hash."""
    columns = (
        case_files.c.sha256, case_files.c.name, case_files.c.media_type, case_files.c.content,
    )  # fmt: skip
    same = (case_files.c.case_id == case_id, case_files.c.sha256 == sha256)
    with reading(engine) as connection:
        row = connection.execute(select(*columns).where(*same)).one_or_none()
    return None if row is None else StoredFile(*row)
