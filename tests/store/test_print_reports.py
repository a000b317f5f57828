"""Reports of printing plants, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from codes.print_reports import PrintRange
from registry.model import IssuingJob
from store.engine import open_engine, sqlite_url
from store.migrations import migrate
from store.print_reports import take_print_report
from store.registry import add_rows, read_rows

LARGEST = 2**63 - 1
JOB = IssuingJob(
    job="J",
    gtin="09506000134352",
    first_index=LARGEST - 9,
    count=10,
    key_id="K1",
    issued_at=datetime(2026, 3, 1, tzinfo=UTC),
    active_on_report=True,
)
RANGES = [PrintRange(LARGEST - 9, LARGEST, "printed"), PrintRange(LARGEST, LARGEST, "lost")]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database with one job."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "d.sqlite")
    else:
        url = request.getfixturevalue("database_url")
    opened = open_engine(url)
    migrate(opened)
    with opened.begin() as connection:
        add_rows(connection, "job", now_us=1, jobs=[JOB])
    yield opened
    opened.dispose()


def test_a_report_that_arrives_many_times_at_once_is_noted_once(engine: Engine) -> None:
    def send(now_us: int) -> bool:
        with engine.begin() as connection:
            return take_print_report(connection, "R", "J", RANGES, plant="N", now_us=now_us)

    with ThreadPoolExecutor(6) as pool:
        fresh = list(pool.map(send, range(10, 16)))
    assert sorted(fresh) == [False] * 5 + [True]
    with engine.connect() as connection:
        _, rows = read_rows(connection)
    assert [job.active_on_report for job in rows.jobs] == [True]
    assert [(r.first_index, r.last_index, r.outcome, r.plant) for r in rows.print_reports] == [
        (LARGEST - 9, LARGEST, "printed", "N"),
        (LARGEST, LARGEST, "lost", "N"),
    ]
    assert {r.recorded_at for r in rows.print_reports} != {None}
