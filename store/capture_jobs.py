"""Capture jobs: written once each, when the bus has the job's events or the job was refused."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, insert, or_, select

from store.schema.capture import capture_jobs
from store.transactions import reading


@dataclass(frozen=True, slots=True)
class CaptureJob:
    """What became of a document; times in microseconds, ``errors`` as RFC 9457 problems."""

    capture_id: str
    key_id: str
    created_us: int
    finished_us: int
    behaviour: str
    captured: int
    errors: list[dict[str, Any]]

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among jobs, newest first."""
        return (self.created_us, self.capture_id)


def add_job(engine: Engine, job: CaptureJob) -> None:
    """Keep a finished job."""
    with engine.begin() as connection:
        connection.execute(
            insert(capture_jobs).values(
                capture_id=job.capture_id,
                key_id=job.key_id,
                created_us=job.created_us,
                finished_us=job.finished_us,
                behaviour=job.behaviour,
                captured=job.captured,
                errors=job.errors,
            )
        )


def find_job(engine: Engine, key_id: str, capture_id: str) -> CaptureJob | None:
    """The job, if it is this key's."""
    statement = select(capture_jobs).where(
        capture_jobs.c.capture_id == capture_id, capture_jobs.c.key_id == key_id
    )
    with reading(engine) as connection:
        row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else CaptureJob(**row)


def newest_jobs(
    engine: Engine, key_id: str, most: int, before: tuple[int, str] | None = None
) -> list[CaptureJob]:
    """The key's jobs, newest first, behind ``before``."""
    columns = capture_jobs.c
    statement = select(capture_jobs).where(columns.key_id == key_id)
    if before is not None:
        created_us, capture_id = before
        statement = statement.where(
            or_(
                columns.created_us < created_us,
                (columns.created_us == created_us) & (columns.capture_id < capture_id),
            )
        )
    statement = statement.order_by(columns.created_us.desc(), columns.capture_id.desc())
    with reading(engine) as connection:
        rows = connection.execute(statement.limit(most)).mappings().all()
    return [CaptureJob(**row) for row in rows]
