from datetime import UTC, datetime
from pathlib import Path

import pytest

from codes import keyring
from codes.keyring import KeyRing
from codes.sealing import unseal
from codes.serials import Serials
from registry import Registry
from registry.model import IssuingJob
from registry.rows import RegistryRows
from tracewarden.keys_in_use import IssuedByJobs, MasterSecret

GTIN = "09506000134352"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
JOB = IssuingJob(job="J", gtin=GTIN, first_index=0, count=3, key_id="K1", issued_at=NOW)


def make_ring(folder: Path) -> bytes:
    ring, _ = KeyRing.open_or_empty(folder).with_new_key("word", entropy=bytes, now=NOW)
    return ring.master_secret("word")


def test_a_ring_that_is_made_while_the_service_runs_is_taken_up(tmp_path: Path) -> None:
    registry = Registry(RegistryRows(jobs=(JOB,)))
    issued = IssuedByJobs(MasterSecret(tmp_path, "word"), lambda: registry)
    assert issued(GTIN, "0" * 13) is None
    serials = Serials(make_ring(tmp_path)).of(GTIN).serials(0, 4)
    assert [issued(GTIN, serial) for serial in serials] == [True, True, True, False]
    found = issued.find(GTIN, serials[1])
    assert found is not None
    assert (found.job.job, found.index) == ("J", 1)


def test_a_job_that_is_loaded_while_the_service_runs_counts(tmp_path: Path) -> None:
    serial = Serials(make_ring(tmp_path)).of(GTIN).serials(0, 1)[0]
    registries = iter([Registry(RegistryRows()), Registry(RegistryRows(jobs=(JOB,)))])
    issued = IssuedByJobs(MasterSecret(tmp_path, "word"), lambda: next(registries))
    assert issued(GTIN, serial) is None
    assert issued(GTIN, serial) is True


def test_a_passphrase_that_opens_nothing_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ring(tmp_path)
    tried: list[str] = []

    def counted(raw: bytes, passphrase: str, name: str) -> bytes:
        tried.append(passphrase)
        return unseal(raw, passphrase, name)

    monkeypatch.setattr(keyring, "unseal", counted)
    wrong = MasterSecret(tmp_path, "wrong")
    assert [wrong(), wrong(), wrong()] == [None] * 3
    assert tried == ["wrong"]
    assert MasterSecret(tmp_path, None)() is None
    assert MasterSecret(None, "word")() is None
