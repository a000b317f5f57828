"""Was this serial issued, by which job, and may it be about? Answered from jobs and the plants'
reports alone, without a row for each item.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from codes.print_reports import PrintedRanges
from codes.serials import Serials

Activation = Literal["active", "not-reported", "spoiled", "lost"]
"""``not-reported``: its job waits for the printing plant's report, and none names the code yet."""


@dataclass(frozen=True, slots=True)
class JobInForce:
    """A job as the registry knows it; ``on_report``: its codes are active once reported printed."""

    job: str
    gtin: str
    first_index: int
    count: int
    key_id: str
    issued_at: datetime
    on_report: bool = False
    printed: PrintedRanges = field(default_factory=PrintedRanges)

    @property
    def end(self) -> int:
        """The index after the job's last."""
        return self.first_index + self.count

    def activation_of(self, index: int) -> Activation:
        """The state of one of the job's codes."""
        outcome = self.printed.outcome_of(index)
        if outcome in ("spoiled", "lost"):
            return outcome
        return "not-reported" if self.on_report and outcome is None else "active"


@dataclass(frozen=True, slots=True)
class Issue:
    """Where a serial comes from: its job and its index there."""

    job: JobInForce
    index: int

    @property
    def activation(self) -> Activation:
        """Whether the code may be about."""
        return self.job.activation_of(self.index)

    @property
    def objection(self) -> Literal["not-reported", "spoiled", "lost"] | None:
        """Why the code may not be about; ``None`` where it is active."""
        state = self.activation
        return None if state == "active" else state

    def outlives(self, key_id: str | None, revoked_at: datetime | None) -> bool:
        """Whether the revocation of ``key_id`` leaves the code valid: the job signed with this
        key, and before."""
        return self.job.key_id == key_id and (revoked_at is None or self.job.issued_at < revoked_at)


class IssuedSerials:
    """The serials that some jobs cover. Jobs of one GTIN don't overlap."""

    def __init__(self, serials: Serials, jobs: Iterable[JobInForce]) -> None:
        self._serials = serials
        self._jobs: dict[str, list[JobInForce]] = {}
        for job in sorted(jobs, key=lambda job: job.first_index):
            self._jobs.setdefault(job.gtin, []).append(job)

    def find(self, gtin: str, serial: str) -> Issue | None:
        """The issue of ``serial`` for the GTIN of 14 digits; ``None`` where no job covers it."""
        jobs = self._jobs.get(gtin)
        index = None if jobs is None else self._serials.index_of(gtin, serial)
        if jobs is None or index is None:
            return None
        at = bisect_right(jobs, index, key=lambda job: job.first_index) - 1
        return Issue(jobs[at], index) if at >= 0 and index < jobs[at].end else None

    def covers(self, gtin: str, serial: str) -> bool:
        """Whether a job issued ``serial`` for the GTIN of 14 digits."""
        return self.find(gtin, serial) is not None
