"""The keys that a running service verifies by, read again when their files change."""

import threading
from collections.abc import Callable
from pathlib import Path

from codes.errors import CodeError
from codes.issued import Issue, IssuedSerials, JobInForce
from codes.jwks import KeySet, load_jwks
from codes.keyring import MASTER_NAME, KeyRing
from codes.print_reports import PrintedRanges, PrintRange
from codes.serials import Serials
from registry import Registry
from registry.rows import RegistryRows

Stamp = tuple[int, int]
"""By what a file is known to have changed: its time and its size."""


def _stamp_of(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


class KeysInUse:
    """Public keys of a key folder; a folder without keys verifies nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "jwks.json"
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._keys: KeySet = {}

    def __call__(self) -> KeySet:
        """The keys as the file holds them now."""
        if self._path is None:
            return {}
        with self._lock:
            stamp = _stamp_of(self._path)
            if stamp is None:
                return {}
            if stamp != self._stamp:
                self._keys, self._stamp = load_jwks(self._path.read_bytes()), stamp
            return self._keys


class MasterSecret:
    """The ring's secret of serials and hidden codes; None where it is not at hand.

    It is read again when its file changes, since a ring may be made while the service runs, and
    not more often, since opening it is slow on purpose.
    """

    def __init__(self, folder: Path | None, passphrase: str | None) -> None:
        self._folder = folder if passphrase else None
        self._passphrase = passphrase or ""
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._secret: bytes | None = None

    def __call__(self) -> bytes | None:
        """The secret as the file holds it now."""
        if self._folder is None:
            return None
        with self._lock:
            stamp = _stamp_of(self._folder / MASTER_NAME)
            if stamp != self._stamp:
                self._secret, self._stamp = self._read(self._folder), stamp
            return self._secret

    def _read(self, folder: Path) -> bytes | None:
        try:
            return KeyRing.open(folder).master_secret(self._passphrase)
        except CodeError:
            # A ring of public keys alone: codes can be verified, but not matched with jobs.
            return None


class IssuedByJobs:
    """Whether and how a serial was issued, by the registry's jobs and the key ring's secret.

    Without the secret nobody can tell, and the answer is None.
    """

    def __init__(
        self, secret: Callable[[], bytes | None], registry: Callable[[], Registry]
    ) -> None:
        self._secret = secret
        self._registry = registry
        self._seen: tuple[bytes, Registry] | None = None
        self._issued: IssuedSerials | None = None

    def __call__(self, gtin: str, serial: str) -> bool | None:
        """True or false where it can be known: without any job nobody can."""
        issued = self._current()
        return None if issued is None else issued.covers(gtin, serial)

    def find(self, gtin: str, serial: str) -> Issue | None:
        """The serial's job and index; None where no job covers it, or nobody can know."""
        issued = self._current()
        return None if issued is None else issued.find(gtin, serial)

    def _current(self) -> IssuedSerials | None:
        secret, registry = self._secret(), self._registry()
        if secret is None or not registry.rows.jobs:
            return None
        if self._issued is None or self._seen is None or self._seen != (secret, registry):
            self._issued = IssuedSerials(Serials(secret), jobs_in_force(registry.rows))
            self._seen = secret, registry
        return self._issued


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
