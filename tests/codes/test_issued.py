from pathlib import Path

import pyrage  # type: ignore[import-untyped]
import pytest

from codes.errors import CodeError
from codes.issued import IssuedSerials, JobRange
from codes.plant_files import decrypt_with, encrypt_for
from codes.serials import Serials

GTIN, OTHER = "09506000134352", "00614141073467"


def test_a_serial_is_issued_exactly_where_a_job_covers_its_index() -> None:
    serials = Serials(b"m" * 32)
    jobs = [JobRange(GTIN, 10, 5), JobRange(GTIN, 100, 1), JobRange(OTHER, 0, 3)]
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
