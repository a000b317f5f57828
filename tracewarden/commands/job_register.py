"""Where ``codes issue --data`` notes its jobs: the registry that scans are judged by."""

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

import registry.model
from codes.errors import CodeError
from codes.jobs import IssuingJob, JobRegister
from store.registry import add_rows, read_rows
from tracewarden.installation import open_database
from tracewarden.settings import Settings


@dataclass(frozen=True)
class RegistryRegister:
    """Jobs in the registry of the embedded set in ``data``, else of the server."""

    data: Path | None

    def note(self, job: IssuingJob) -> None:
        """Add the job's row unless it is there; durable on return.

        Raises:
            CodeError: ``job-invalid``: the registry has another job of this id.
        """
        order = job.order
        row = registry.model.IssuingJob(
            job=order.job,
            gtin=order.gtin,
            first_index=job.first_index,
            count=order.count,
            key_id=order.key_id,
            issued_at=job.issued_at,
            active_on_report=order.active_on_report or None,
        )
        engine = open_database(self.data)
        try:
            with engine.begin() as connection:
                _, known = read_rows(connection)
                noted = [other for other in known.jobs if other.job == row.job]
                if any(msgspec.structs.replace(other, recorded_at=None) != row for other in noted):
                    raise CodeError(
                        f"the registry has another job {order.job}", field="job", type="job-invalid"
                    )
                if not noted:
                    now_us = time.time_ns() // 1000
                    add_rows(connection, f"job {order.job}", now_us=now_us, jobs=[row])
        finally:
            engine.dispose()


class NoRegister:
    """Where nothing judges scans: the key ring's own ledger is all there is."""

    def note(self, job: IssuingJob) -> None:
        """Nothing."""


def register_for(data: Path | None) -> JobRegister:
    """The register of the embedded set in ``data``, or of the server that the settings name.

    Raises:
        TracewardenError, SQLAlchemyError: it cannot be opened.
    """
    if data is None and not Settings().database_url:
        return NoRegister()
    # Opened once to see that it can be: what takes a job's indices comes after.
    engine = open_database(data)
    engine.connect().close()
    engine.dispose()
    return RegistryRegister(data)
