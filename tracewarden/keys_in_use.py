"""The keys that a running service verifies by, read again when their files change."""

import threading
from collections.abc import Callable
from pathlib import Path

from codes.errors import CodeError
from codes.hidden_codes import HiddenCodes
from codes.issued import Issue, IssuedSerials, JobInForce
from codes.jwks import KeySet, load_jwks
from codes.keyring import KeyRing
from codes.print_reports import PrintedRanges, PrintRange
from codes.serials import Serials
from registry import Registry
from registry.rows import RegistryRows


class KeysInUse:
    """Public keys of a key folder; a folder without keys verifies nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "jwks.json"
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._keys: KeySet = {}

    def __call__(self) -> KeySet:
        """The keys as the file holds them now."""
        if self._path is None:
            return {}
        with self._lock:
            try:
                status = self._path.stat()
            except FileNotFoundError:
                return {}
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                self._keys, self._stamp = load_jwks(self._path.read_bytes()), stamp
            return self._keys


def hidden_codes_of(folder: Path | None, passphrase: str | None) -> HiddenCodes | None:
    """What checks hidden codes; None where the ring's secret is not at hand."""
    secret = _master_secret(folder, passphrase)
    return None if secret is None else HiddenCodes(secret)


class IssuedByJobs:
    """Whether and how a serial was issued, by the registry's jobs and the key ring's secret.

    Without the passphrase nobody can tell, and the answer is None.
    """

    def __init__(
        self, folder: Path | None, passphrase: str | None, registry: Callable[[], Registry]
    ) -> None:
        self._registry = registry
        self._seen: Registry | None = None
        self._issued: IssuedSerials | None = None
        self._serials = _serials(folder, passphrase)

    def __call__(self, gtin: str, serial: str) -> bool | None:
        """True or false where it can be known: without any job nobody can."""
        issued = self._current()
        return None if issued is None else issued.covers(gtin, serial)

    def find(self, gtin: str, serial: str) -> Issue | None:
        """The serial's job and index; None where no job covers it, or nobody can know."""
        issued = self._current()
        return None if issued is None else issued.find(gtin, serial)

    def _current(self) -> IssuedSerials | None:
        if self._serials is None:
            return None
        registry = self._registry()
        if registry is not self._seen or self._issued is None:
            self._issued = IssuedSerials(self._serials, jobs_in_force(registry.rows))
            self._seen = registry
        return self._issued if registry.rows.jobs else None


def jobs_in_force(rows: RegistryRows) -> list[JobInForce]:
    """The registry's jobs, each with what the plants reported of it."""
    ranges: dict[str, list[PrintRange]] = {}
    for report in rows.print_reports:
        stretch = PrintRange(report.first_index, report.last_index, report.outcome)
        ranges.setdefault(report.job, []).append(stretch)
    return [
        JobInForce(
            job=row.job,
            gtin=row.gtin,
            first_index=row.first_index,
            count=row.count,
            key_id=row.key_id,
            issued_at=row.issued_at,
            on_report=bool(row.active_on_report),
            printed=PrintedRanges(ranges.get(row.job, ())),
        )
        for row in rows.jobs
    ]


def _serials(folder: Path | None, passphrase: str | None) -> Serials | None:
    secret = _master_secret(folder, passphrase)
    return None if secret is None else Serials(secret)


def _master_secret(folder: Path | None, passphrase: str | None) -> bytes | None:
    if folder is None or not passphrase:
        return None
    try:
        return KeyRing.open(folder).master_secret(passphrase)
    except CodeError:
        # A ring of public keys alone: codes can be verified, but not matched with jobs.
        return None
