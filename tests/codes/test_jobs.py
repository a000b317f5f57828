from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from codes.errors import CodeError
from codes.jobs import allot, expiry_value, read_ledger
from tests.codes.test_issuing import NOW, ORDER


def test_jobs_of_a_product_never_share_an_index(tmp_path: Path) -> None:
    first = allot(tmp_path, ORDER, now=NOW)
    other = allot(
        tmp_path, msgspec.structs.replace(ORDER, job="J-2", gtin="00614141073467"), now=NOW
    )
    second = allot(tmp_path, msgspec.structs.replace(ORDER, job="J-3"), now=NOW)
    assert (first.first_index, other.first_index, second.first_index) == (0, 0, 25)
    assert first.covers(24)
    assert not first.covers(25)
    assert second.covers(25)


def test_the_same_order_is_the_same_job_and_another_is_refused(tmp_path: Path) -> None:
    job = allot(tmp_path, ORDER, now=NOW)
    assert allot(tmp_path, ORDER, now=datetime(2027, 1, 1, tzinfo=UTC)) == job
    with pytest.raises(CodeError, match="was ordered with "):
        allot(tmp_path, msgspec.structs.replace(ORDER, count=26), now=NOW)
    assert read_ledger(tmp_path) == [job]


def test_a_torn_line_of_the_ledger_is_written_over(tmp_path: Path) -> None:
    first = allot(tmp_path, ORDER, now=NOW)
    with (tmp_path / "jobs.jsonl").open("ab") as ledger:
        ledger.write(b'{"order":{"job":"torn"')
    second = allot(tmp_path, msgspec.structs.replace(ORDER, job="J-2"), now=NOW)
    assert read_ledger(tmp_path) == [first, second]


@pytest.mark.parametrize(
    "wrong",
    [{"gtin": "1"}, {"count": 0}, {"job": ""}, {"job": "a/b"}, {"lot": "ä"}, {"expiry": "271301"}],
)
def test_a_wrong_order_takes_no_indices(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(CodeError):
        allot(tmp_path, msgspec.structs.replace(ORDER, **wrong), now=NOW)
    assert read_ledger(tmp_path) == []


def test_an_expiry_is_taken_in_two_forms() -> None:
    assert expiry_value("271231") == expiry_value("2027-12-31") == "271231"
    for wrong in ("1999-12-31", "271232", "2027-1-1", "soon"):
        with pytest.raises(CodeError):
            expiry_value(wrong)
