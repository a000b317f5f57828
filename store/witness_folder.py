"""A witness's own folder: its key, and the last checkpoint that it signed for each log."""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from evidence.errors import NoteError
from evidence.note import Note, SignatureLine, SigningKey, VerifierKey
from evidence.signature_types import COSIGNATURE_ED25519
from evidence.witness import AddCheckpoint, decide
from store.evidence_guard import GuardError, replace_file, sync_folder

KEY_FILE = "key"
LAST = "last"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class WitnessFolder:
    """``key`` and ``last/{SHA-256 of the origin}``, each replaced whole and durably.

    What is signed next is decided and stored under one lock, so that of two requests, even to two
    processes, the later one sees what the earlier one signed: no log is ever signed for backwards.
    """

    path: Path
    key: SigningKey
    logs: Mapping[str, Sequence[VerifierKey]]

    @classmethod
    def open(
        cls, path: Path, name: str | None, seed: bytes, logs: Sequence[VerifierKey]
    ) -> "WitnessFolder":
        """The folder; at the first time with a new key of ``name`` made from ``seed``.

        Raises:
            GuardError: the folder is new and there is no name, or it is another witness's.
            NoteError: the key is damaged, or the name cannot be one.
        """
        file = path / KEY_FILE
        if not file.exists():
            if name is None:
                raise GuardError(f"{path} is no witness's folder: name a new one by --name")
            key = SigningKey.from_seed(name, seed, COSIGNATURE_ED25519)
            (path / LAST).mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(file, f"{key}\n".encode())
            sync_folder(path.parent)
        key = _key_in(file)
        if name not in (None, key.name):
            raise GuardError(f"{path} is the folder of {key.name}")
        by_origin: dict[str, list[VerifierKey]] = {}
        for log in logs:
            by_origin.setdefault(log.name, []).append(log)
        return cls(path, key, by_origin)

    def cosign(self, request: AddCheckpoint, at: int) -> SignatureLine:
        """Sign a checkpoint that extends the last one, stored before it is signed.

        Args:
            at: POSIX seconds, which the cosignature states.

        Raises:
            WitnessRefusalError: it does not, or the log is unknown.
        """
        with self._locked():
            last = self.last(request.note.text.partition("\n")[0])
            checkpoint = decide(request, self.logs, last)
            replace_file(self._file(checkpoint.origin), str(request.note).encode())
            return self.key.sign(request.note.text, at=at)

    def last(self, origin: str) -> Note | None:
        """What was signed last for this log.

        Raises:
            NoteError: the file is damaged.
        """
        try:
            return Note.parse(self._file(origin).read_bytes())
        except FileNotFoundError:
            return None

    def _file(self, origin: str) -> Path:
        return self.path / LAST / sha256(origin.encode()).hexdigest()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _key_in(file: Path) -> SigningKey:
    try:
        return SigningKey.parse(file.read_bytes().decode("utf-8").removesuffix("\n"))
    except UnicodeDecodeError:
        raise NoteError(f"{file} is damaged", type="key-invalid") from None
