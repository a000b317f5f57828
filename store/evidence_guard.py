"""What stands outside the log so that the log cannot restore it: the key and the last signature."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError, LogMovedError, NoteError
from evidence.note import Note, SigningKey
from evidence.tree import EMPTY_ROOT

KEY_FILE = "key"
STAGED_FILE = "key.staged"
CHECKPOINT_FILE = "checkpoint"
SWAP_LOCK = "swap.lock"
WRITER_LOCK = "writer.lock"


class GuardError(EvidenceError):
    """The private folder is missing, incomplete, or there already."""

    type = "private-folder"


class SecondWriterError(EvidenceError):
    """Another process is writing to this log."""

    type = "second-writer"


@dataclass(frozen=True, slots=True)
class Guard:
    """A private folder: ``key``, the last signed ``checkpoint``, two locks, and while the log is
    handed over to another key, that one as ``key.staged``.

    Every file is replaced by writing another, syncing it, renaming it over the old one and syncing
    the folder, so that a crash leaves the old or the new one whole.
    """

    folder: Path

    @classmethod
    def create(cls, folder: Path, key: SigningKey) -> "Guard":
        """A new folder that only its owner may read, with the signature over the empty log.

        Raises:
            GuardError: there is a key already.
        """
        guard = cls(folder)
        guard.make_folder()
        if guard.exists:
            raise GuardError(f"{folder / KEY_FILE} exists")
        empty = Checkpoint(key.name, 0, EMPTY_ROOT).text()
        replace_file(folder / CHECKPOINT_FILE, str(Note(empty, (key.sign(empty),))).encode())
        # The key comes last: with it the folder is whole.
        replace_file(folder / KEY_FILE, f"{key}\n".encode())
        sync_folder(folder.parent)
        return guard

    def make_folder(self) -> None:
        """The folder, for its owner alone; one that is there stays as it is."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def exists(self) -> bool:
        """Whether the folder holds a key."""
        return (self.folder / KEY_FILE).exists()

    def key(self) -> SigningKey:
        """The log's private key.

        Raises:
            GuardError: it is not there.
            NoteError: the file is damaged.
        """
        return self._key(KEY_FILE)

    def _key(self, name: str) -> SigningKey:
        return _parsed(name, self._read(name))

    def stage(self, key: SigningKey) -> None:
        """Keep the key that the log is about to be handed over to."""
        replace_file(self.folder / STAGED_FILE, f"{key}\n".encode())

    def staged(self) -> SigningKey | None:
        """The key that is staged, if there is one.

        Raises:
            NoteError: the file is damaged.
        """
        if not (self.folder / STAGED_FILE).exists():
            return None
        return self._key(STAGED_FILE)

    def unstage(self) -> None:
        """Throw the staged key away."""
        (self.folder / STAGED_FILE).unlink()
        sync_folder(self.folder)

    def promote(self) -> None:
        """Put the staged key in the place of the log's key, which is gone then."""
        with self._locked(SWAP_LOCK):
            (self.folder / STAGED_FILE).rename(self.folder / KEY_FILE)
            sync_folder(self.folder)

    def last(self) -> Note:
        """The last checkpoint that was signed, its signature checked.

        Raises:
            GuardError: it is not there.
            NoteError: the file is damaged.
        """
        text = self._read(CHECKPOINT_FILE)
        note = Note.parse(text)
        if str(note) != text:
            raise NoteError("the checkpoint is not as it was written")
        note.verified_by([self.key().verifier])
        return note

    def is_last(self, note: Note) -> bool:
        """Whether ``note`` is still the last checkpoint that was signed."""
        return self._bytes(CHECKPOINT_FILE) == str(note).encode()

    def swap(self, old: Note, new: Note) -> None:
        """Replace the last checkpoint, if it is still ``old``; durable when this returns.

        Raises:
            LogMovedError: somebody else signed meanwhile.
            GuardError: ``new`` is not signed by the log's key, which was rotated meanwhile.
        """
        with self._locked(SWAP_LOCK):
            if not self.is_last(old):
                raise LogMovedError("another process signed a checkpoint meanwhile")
            key = self.key().verifier
            if (key.name, key.key_id) not in {(one.name, one.key_id) for one in new.signatures}:
                raise GuardError("the log's key was rotated: start again", type="key-rotated")
            replace_file(self.folder / CHECKPOINT_FILE, str(new).encode())

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Be the one writer of this log, as long as the block runs or the process lives.

        Raises:
            SecondWriterError: there is one.
        """
        with self._locked(WRITER_LOCK, wait=False):
            yield

    @contextmanager
    def _locked(self, name: str, *, wait: bool = True) -> Iterator[None]:
        descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield
        except BlockingIOError:
            raise SecondWriterError("another process is writing to this log") from None
        finally:
            os.close(descriptor)

    def _read(self, name: str) -> str:
        try:
            return self._bytes(name).decode("utf-8")
        except UnicodeDecodeError:
            raise GuardError(f"{self.folder / name} is damaged") from None

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise GuardError(f"{self.folder / name} is missing") from None


@lru_cache(maxsize=16)
def _parsed(name: str, text: str) -> SigningKey:
    """The key in a file of that text, which is read at each signature: it may be rotated."""
    key = SigningKey.parse(text.removesuffix("\n"))
    if f"{key}\n" != text:
        raise NoteError(f"{name} is not as it was written", type="key-invalid")
    return key


def replace_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Put ``data`` in place of a file, whole or not at all, and durably."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's list of names durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
