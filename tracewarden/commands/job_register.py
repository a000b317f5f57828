"""Where ``codes issue --data`` notes its jobs."""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from codes.jobs import IssuingJob, JobRegister


@dataclass(frozen=True)
class FileRegister:
    """Jobs as lines of a file, in the form of a recording's ``registry/jobs.jsonl``."""

    path: Path

    def note(self, job: IssuingJob) -> None:
        """Append the job's row unless it is there; durable on return."""
        row = msgspec.json.encode(job.row()) + b"\n"
        with self.path.open("a+b") as file:
            file.seek(0)
            if row in file.readlines():
                return
            file.write(row)
            file.flush()
            os.fsync(file.fileno())


def register_in(data: Path) -> JobRegister:
    """The register of the embedded set in ``data``."""
    data.mkdir(parents=True, exist_ok=True)
    return FileRegister(data / "jobs.jsonl")
