import csv
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from codes.checksums import CHARSET_82
from codes.digital_link import parse
from codes.hidden_codes import HiddenCodes
from codes.issue_workers import chunks_by_workers
from codes.issuing import CHUNK, CodeMaker, MakerSecrets, base32_signatures, chunks
from codes.job_files import write_csv
from codes.jobs import IssueOrder, IssuingJob
from codes.keyring import public_key_of
from codes.serials import Serials
from codes.signing import SeedSigner, token, verify
from tests.codes.conftest import SEED

NOW = datetime(2026, 11, 1, tzinfo=UTC)
GTIN = "09506000134352"
ORDER = IssueOrder(job="J-1", gtin=GTIN, count=25, key_id="K1", domain="b.example")
MASTER = b"m" * 32
KEYS = {"K1": public_key_of("K1", SEED)}


def secrets(*, count: int = 25, hidden: bool = False, **order: str) -> MakerSecrets:
    changed = msgspec.structs.replace(ORDER, count=count, **order)
    return MakerSecrets(
        IssuingJob(order=changed, first_index=40, issued_at=NOW), MASTER, SEED, hidden
    )


def quiet(done: int) -> None:
    del done


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_jobs_file_holds_each_code_once_and_each_verifies(tmp_path: Path) -> None:
    maker = secrets(lot='L,"1"', expiry="271231").maker()
    write_csv(tmp_path / "f.csv", maker, chunks(maker), quiet)
    found = rows(tmp_path / "f.csv")
    assert [int(row["index"]) for row in found] == list(range(40, 65))
    assert len({row["uri"] for row in found}) == 25
    for row in found:
        assert verify(row["uri"], KEYS).ok
        serial = parse(row["uri"]).value("21")
        assert serial is not None
        assert Serials(MASTER).index_of(GTIN, serial) == int(row["index"])
        assert row["text"] == f'(01) {GTIN} (10) L,"1" (21) {serial} (17) 271231'


@given(lot=st.text(alphabet=CHARSET_82, min_size=1, max_size=20))
def test_any_lot_is_signed_and_printed_right(lot: str) -> None:
    maker = secrets(lot=lot).maker()
    (line,) = csv.reader([maker.csv_lines(3, 1).decode()])
    found = verify(line[1], KEYS)
    assert (found.ok, parse(line[1]).value("10")) == (True, lot)
    assert line[2] == f"(01) {GTIN} (10) {lot} (21) {found.serial}"
    assert maker.uris(3, 1) == [line[1]]


def test_hidden_codes_stand_in_the_file_where_they_are_asked_for(tmp_path: Path) -> None:
    maker = secrets(hidden=True).maker()
    write_csv(tmp_path / "f.csv", maker, chunks(maker), quiet)
    for row in rows(tmp_path / "f.csv"):
        serial = parse(row["uri"]).value("21")
        assert HiddenCodes(MASTER).matches(GTIN, serial or "", row["hidden_code"])


def test_workers_make_the_same_bytes_in_the_same_order() -> None:
    asked = secrets(count=3 * CHUNK + 7)
    alone = b"".join(chunks(asked.maker())(CHUNK + 5))
    assert b"".join(chunks_by_workers(asked, 2)(CHUNK + 5)) == alone


def test_base32_in_bulk_is_base32() -> None:
    signatures = [SeedSigner("K1", SEED).sign(bytes([n])) for n in range(20)]
    assert base32_signatures(b"".join(signatures)) == [token("K", s)[2:] for s in signatures]


def test_a_maker_needs_only_something_that_signs() -> None:
    class Device:
        key_id = "K1"

        def sign(self, message: bytes) -> bytes:
            return SeedSigner("K1", SEED).sign(message)

    maker = CodeMaker(secrets().job, Serials(MASTER), Device())
    assert all(verify(uri, KEYS).ok for uri in maker.uris(0, 3))
