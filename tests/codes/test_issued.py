from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]
import pytest

from codes.errors import CodeError
from codes.issued import IssuedSerials, JobInForce
from codes.plant_files import decrypt_with, encrypt_for
from codes.print_reports import PrintedRanges, PrintRange
from codes.serials import Serials

GTIN, OTHER = "09506000134352", "00614141073467"
AT = datetime(2026, 3, 1, tzinfo=UTC)


def job(name: str, gtin: str, first: int, count: int, **more: Any) -> JobInForce:
    return JobInForce(name, gtin, first, count, "K1", AT, **more)


def test_a_serial_is_issued_exactly_where_a_job_covers_its_index() -> None:
    serials = Serials(b"m" * 32)
    jobs = [job("A", GTIN, 10, 5), job("B", GTIN, 100, 1), job("C", OTHER, 0, 3)]
    issued = IssuedSerials(serials, jobs)
    covered = [issued.covers(GTIN, s) for s in serials.of(GTIN).serials(0, 110)]
    assert [index for index, yes in enumerate(covered) if yes] == [10, 11, 12, 13, 14, 100]
    assert issued.covers(OTHER, serials.of(OTHER).serials(2, 1)[0])
    assert not issued.covers(OTHER, serials.of(OTHER).serials(3, 1)[0])
    assert not issued.covers("09506000134376", serials.of(GTIN).serials(10, 1)[0])
    assert not issued.covers(GTIN, "A1")


def test_only_the_plant_opens_its_file(tmp_path: Path) -> None:
    plant, stranger = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    (tmp_path / "codes.csv").write_bytes(b"index,uri\n" * 1000)
    sealed = tmp_path / "codes.csv.age"
    encrypt_for(tmp_path / "codes.csv", sealed, [str(plant.to_public())])
    assert b"index" not in sealed.read_bytes()
    decrypt_with(sealed, tmp_path / "opened.csv", str(plant))
    assert (tmp_path / "opened.csv").read_bytes() == (tmp_path / "codes.csv").read_bytes()
    with pytest.raises(CodeError):
        decrypt_with(sealed, tmp_path / "no.csv", str(stranger))


@pytest.mark.parametrize("recipients", [[], ["age1x"], ["ssh-ed25519 AAAA"]])
def test_what_is_no_age_key_is_refused(tmp_path: Path, recipients: list[str]) -> None:
    (tmp_path / "codes.csv").write_text("x")
    with pytest.raises(CodeError):
        encrypt_for(tmp_path / "codes.csv", tmp_path / "out.age", recipients)
    assert not (tmp_path / "out.age").exists()


def test_an_issue_names_its_job_and_index_and_outlives_a_later_revocation_of_its_key() -> None:
    serials = Serials(b"m" * 32)
    issued = IssuedSerials(serials, [job("A", GTIN, 0, 5), job("B", GTIN, 5, 5)])
    found = issued.find(GTIN, serials.of(GTIN).serials(7, 1)[0])
    assert found is not None
    assert (found.job.job, found.index, found.activation) == ("B", 7, "active")
    assert found.outlives("K1", None)
    assert found.outlives("K1", AT + timedelta(seconds=1))
    assert not found.outlives("K1", AT)
    assert not found.outlives("K2", AT + timedelta(days=1))
    assert issued.find(GTIN, serials.of(GTIN).serials(10, 1)[0]) is None


def test_a_code_is_active_as_its_plant_says() -> None:
    told = PrintedRanges(
        [
            PrintRange(0, 6, "printed"),
            PrintRange(3, 4, "spoiled"),
            PrintRange(4, 4, "printed"),
            PrintRange(9, 9, "lost"),
        ]
    )
    waiting = job("A", GTIN, 0, 12, on_report=True, printed=told)
    assert [waiting.activation_of(index) for index in range(2, 10)] == [
        "active",
        "spoiled",
        "active",
        "active",
        "active",
        "not-reported",
        "not-reported",
        "lost",
    ]
    at_once = job("B", GTIN, 0, 12, printed=told)
    assert [at_once.activation_of(index) for index in (3, 8, 9)] == ["spoiled", "active", "lost"]
