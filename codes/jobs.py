"""Issuing jobs: which indices of a GTIN were issued, and with what.

A job is all that is kept of its codes: everything in them is a function of the job and the key
ring. The key ring's folder holds the ledger of its jobs, so that two jobs never share an index.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from codes.elements import validate
from codes.errors import CodeError
from codes.signing import check_domain

LEDGER_NAME = "jobs.jsonl"
_JOB_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DATE = re.compile(r"[0-9]{6}|[0-9]{4}-[0-9]{2}-[0-9]{2}")


class IssueOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked for: ``count`` codes of ``gtin``; ``expiry`` is YYMMDD as in AI 17.

    With ``active_on_report`` a code is active only once the printing plant reported it printed.
    """

    job: str
    gtin: str
    count: int
    key_id: str
    domain: str
    lot: str | None = None
    expiry: str | None = None
    active_on_report: bool = False


class IssuingJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order with its place among the GTIN's indices: from ``first_index`` on, ``count`` many."""

    order: IssueOrder
    first_index: int
    issued_at: datetime

    def covers(self, index: int) -> bool:
        """Whether the job issued the serial with this index."""
        return self.first_index <= index < self.first_index + self.order.count


class JobRegister(Protocol):
    """Where jobs are noted for those who judge scans. Noting one again changes nothing."""

    def note(self, job: IssuingJob) -> None:
        """Returns when the job is durable."""


def _refused(detail: str, field: str) -> CodeError:
    return CodeError(detail, field=field, type="job-invalid")


def expiry_value(text: str) -> str:
    """AI 17's value from ``YYMMDD`` or ``YYYY-MM-DD``.

    Raises:
        CodeError: it is no date of the years 2000 to 2099.
    """
    if not _DATE.fullmatch(text) or ("-" in text and not text.startswith("20")):
        raise _refused("an expiry is YYMMDD or 20YY-MM-DD", "expiry")
    return validate("17", text.replace("-", "")[-6:])


def check_order(order: IssueOrder) -> IssueOrder:
    """``order`` where codes can be made of it.

    Raises:
        CodeError: naming the member that is wrong.
    """
    if not _JOB_ID.fullmatch(order.job):
        raise _refused("a job id is 1 to 64 letters, digits, dots, hyphens, underscores", "job")
    if not 1 <= order.count <= 10**12:
        raise _refused("a job has 1 to 10^12 codes", "count")
    check_domain(order.domain)
    validate("01", order.gtin)
    if order.lot is not None:
        validate("10", order.lot)
    if order.expiry is not None:
        validate("17", order.expiry)
    return order


_decoder = msgspec.json.Decoder(IssuingJob)


def read_ledger(folder: Path) -> list[IssuingJob]:
    """The jobs of the key ring in ``folder``, oldest first; a torn last line was never promised.

    Raises:
        CodeError: a line is malformed.
    """
    path = folder / LEDGER_NAME
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    try:
        return [_decoder.decode(line) for line in lines]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(f"{path}: {error}", "ledger") from None


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder / LEDGER_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _append(descriptor: int, folder: Path, job: IssuingJob) -> None:
    content = (folder / LEDGER_NAME).read_bytes()
    whole = content.rfind(b"\n") + 1
    os.ftruncate(descriptor, whole)
    os.pwrite(descriptor, msgspec.json.encode(job) + b"\n", whole)
    os.fsync(descriptor)


def allot(folder: Path, order: IssueOrder, *, now: datetime) -> IssuingJob:
    """The job for ``order``, with indices that no other job of the ring has, durably noted.

    Asked again with the same order it gives the same job.

    Raises:
        CodeError: the order is malformed, or its job id stands for another one.
    """
    check_order(order)
    with _locked(folder) as descriptor:
        jobs = read_ledger(folder)
        known = next((job for job in jobs if job.order.job == order.job), None)
        if known is None:
            ends = (job.first_index + job.order.count for job in jobs if _same_item(job, order))
            known = IssuingJob(order=order, first_index=max(ends, default=0), issued_at=now)
            _append(descriptor, folder, known)
    if known.order != order:
        raise _refused(f"job {order.job} was ordered with {_differing(known.order, order)}", "job")
    return known


def _differing(known: IssueOrder, order: IssueOrder) -> str:
    pairs = ((name, getattr(known, name), getattr(order, name)) for name in known.__struct_fields__)
    return ", ".join(f"{name} {was}, not {now}" for name, was, now in pairs if was != now)


def job_of(folder: Path, job: str) -> IssuingJob:
    """The ring's job with this id.

    Raises:
        CodeError: there is none.
    """
    for known in read_ledger(folder):
        if known.order.job == job:
            return known
    raise _refused(f"the ring's ledger has no job {job}", "job")


def _same_item(job: IssuingJob, order: IssueOrder) -> bool:
    return job.order.gtin == order.gtin
