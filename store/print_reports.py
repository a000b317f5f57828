"""Reports of printing plants: taken whole, once, and never edited."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, text

from codes.errors import CodeError
from codes.print_reports import PrintRange, check_ranges
from events.timed import from_microseconds
from registry.model import PrintReport
from store.engine import is_sqlite
from store.registry import RegistryConflictError, add_rows
from store.schema.registry import jobs, print_reports


def take_print_report(
    connection: Connection,
    report_id: str,
    job: str,
    ranges: Sequence[PrintRange],
    *,
    plant: str | None = None,
    now_us: int,
) -> bool:
    """Note what a plant says of a job; false where this very report was noted before.

    Raises:
        CodeError: ``job-invalid``: the registry has no such job, or a range is not the job's.
        RegistryConflictError: another report has this id.
    """
    if not is_sqlite(connection):
        # The same report sent twice at once is to be noted once; SQLite lets one write anyway.
        connection.execute(text("LOCK TABLE print_reports IN SHARE ROW EXCLUSIVE MODE"))
    _check(connection, job, ranges)
    noted = connection.execute(
        select(print_reports).where(print_reports.c.report_id == report_id).order_by("row_id")
    ).all()
    if noted:
        same = [PrintRange(row.first_index, row.last_index, row.outcome) for row in noted]
        if same == list(ranges) and all((row.job, row.plant) == (job, plant) for row in noted):
            return False
        raise RegistryConflictError(f"report {report_id} said something else", field="report_id")
    rows = [
        PrintReport(
            report_id=report_id,
            job=job,
            first_index=stretch.first_index,
            last_index=stretch.last_index,
            outcome=stretch.outcome,
            plant=plant,
            recorded_at=from_microseconds(now_us),
        )
        for stretch in ranges
    ]
    add_rows(connection, f"print report {report_id}", now_us=now_us, print_reports=rows)
    return True


def _check(connection: Connection, job: str, ranges: Sequence[PrintRange]) -> None:
    if not ranges:
        raise CodeError("a report has a range", field="ranges", type="job-invalid")
    known = connection.execute(
        select(jobs.c.first_index, jobs.c.count).where(jobs.c.job == job)
    ).first()
    if known is None:
        raise CodeError(f"the registry has no job {job!r}", field="job", type="job-invalid")
    first_index, count = known
    check_ranges(ranges, first_index, count)
